#include "core.h"

enum { NO_TIMESTAMP = 0 };
static const int64_t END_OF_TIME = 253370764800000;                    /* as batch.received_ms */
static PyObject *topic, *partition, *offset, *timestamp, *key, *value; /* the names */

int records_open(void) {
    return (topic = PyUnicode_InternFromString("topic")) &&
                   (partition = PyUnicode_InternFromString("partition")) &&
                   (offset = PyUnicode_InternFromString("offset")) &&
                   (timestamp = PyUnicode_InternFromString("timestamp")) &&
                   (key = PyUnicode_InternFromString("key")) &&
                   (value = PyUnicode_InternFromString("value"))
               ? 0
               : -1;
}

/* What a method without arguments says, None being 0. */
static int whole_of(PyObject *record, PyObject *name, int64_t *found) {
    PyObject *said = PyObject_CallMethodNoArgs(record, name);
    if (!said) return -1;
    *found = said == Py_None ? 0 : PyLong_AsLongLong(said);
    Py_DECREF(said);
    return *found == -1 && PyErr_Occurred() ? -1 : 0;
}

int record_coordinates(PyObject *record, Coordinates *found) {
    found->topic = record_topic(record);
    if (found->topic == Py_None) Py_SETREF(found->topic, PyUnicode_New(0, 0));
    if (!found->topic) return -1;
    if (PyUnicode_Check(found->topic) && !whole_of(record, partition, &found->partition) &&
        !whole_of(record, offset, &found->offset))
        return 0;
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a record's topic is a text");
    Py_CLEAR(found->topic);
    return -1;
}

static int stamp(PyObject *record, int64_t *kind, int64_t *milliseconds) {
    PyObject *said = PyObject_CallMethodNoArgs(record, timestamp);
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

PyObject *record_topic(PyObject *record) { return PyObject_CallMethodNoArgs(record, topic); }

PyObject *record_key(PyObject *record) { return PyObject_CallMethodNoArgs(record, key); }

PyObject *record_value(PyObject *record) { return PyObject_CallMethodNoArgs(record, value); }
