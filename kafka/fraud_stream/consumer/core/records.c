#include "core.h"

enum { NO_TIMESTAMP = 0 };
static const int64_t END_OF_TIME = 253370764800000; /* as batch.received_ms */

enum { TOPIC, PARTITION, OFFSET, TIMESTAMP, KEY, VALUE, METHODS };
static const char *const NAMES[METHODS] = {"topic",     "partition", "offset",
                                           "timestamp", "key",       "value"};
static PyTypeObject *MessageType;
/* Each is asked some times of every message: what a call is looked up for is found once. */
static struct {
    PyObject *name;
    PyCFunction of_message; /* NULL when it is no plain method of the client's own type */
} methods[METHODS];

int records_open(void) {
    PyObject *client = PyImport_ImportModule("confluent_kafka");
    PyObject *type = client ? PyObject_GetAttrString(client, "Message") : NULL;
    Py_XDECREF(client);
    if (!type) return -1;
    if (!PyType_Check(type)) return PyErr_SetString(PyExc_ImportError, "Message is no type"), -1;
    MessageType = (PyTypeObject *)type;
    for (int i = 0; i < METHODS; i++) {
        PyObject *method = PyObject_GetAttrString(type, NAMES[i]);
        if (!method || !(methods[i].name = PyUnicode_InternFromString(NAMES[i]))) return -1;
        if (Py_IS_TYPE(method, &PyMethodDescr_Type)) {
            const PyMethodDef *known = ((PyMethodDescrObject *)method)->d_method;
            if (known->ml_flags == METH_NOARGS) methods[i].of_message = known->ml_meth;
        }
        Py_DECREF(method); /* the type keeps it */
    }
    return 0;
}

static inline PyObject *say(PyObject *record, int method) {
    if (Py_IS_TYPE(record, MessageType) && methods[method].of_message)
        return methods[method].of_message(record, NULL);
    return PyObject_CallMethodNoArgs(record, methods[method].name);
}

/* What a method without arguments says, None being 0. */
static int whole_of(PyObject *record, int method, int64_t *found) {
    PyObject *said = say(record, method);
    if (!said) return -1;
    *found = said == Py_None ? 0 : PyLong_AsLongLong(said);
    Py_DECREF(said);
    return *found == -1 && PyErr_Occurred() ? -1 : 0;
}

int record_coordinates(PyObject *record, Coordinates *found) {
    found->topic = record_topic(record);
    if (found->topic == Py_None) Py_SETREF(found->topic, PyUnicode_New(0, 0));
    if (!found->topic) return -1;
    if (PyUnicode_Check(found->topic) && !whole_of(record, PARTITION, &found->partition) &&
        !whole_of(record, OFFSET, &found->offset))
        return 0;
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a record's topic is a text");
    Py_CLEAR(found->topic);
    return -1;
}

static int stamp(PyObject *record, int64_t *kind, int64_t *milliseconds) {
    PyObject *said = say(record, TIMESTAMP);
    if (!said) return -1;
    if (!PyTuple_Check(said) || PyTuple_GET_SIZE(said) != 2) {
        Py_DECREF(said);
        PyErr_SetString(PyExc_TypeError, "a record's time has a kind and milliseconds");
        return -1;
    }
    *kind = PyLong_AsLongLong(PyTuple_GET_ITEM(said, 0));
    *milliseconds = PyLong_AsLongLong(PyTuple_GET_ITEM(said, 1));
    Py_DECREF(said);
    return PyErr_Occurred() ? -1 : 0;
}

int record_time(PyObject *record, int64_t *milliseconds) {
    int64_t kind;
    return stamp(record, &kind, milliseconds);
}

int record_received(PyObject *record, int64_t *milliseconds) {
    int64_t kind;
    if (stamp(record, &kind, milliseconds)) return -1;
    return kind != NO_TIMESTAMP && *milliseconds >= 0 && *milliseconds < END_OF_TIME;
}

PyObject *record_topic(PyObject *record) { return say(record, TOPIC); }

PyObject *record_key(PyObject *record) { return say(record, KEY); }

PyObject *record_value(PyObject *record) { return say(record, VALUE); }
