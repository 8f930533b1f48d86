/* consumer/lines.py in C: the rows of decided orders as COPY text, one order after the other while
 * it is at hand.
 */
#include "text.h"

enum { REMEMBERED = 256 };
enum { KEYS, ORDERS, DECISIONS, OUTBOX, TABLES };

typedef struct {
    PyObject_HEAD int64_t next;
    PyObject *now, *verdict, *remarks, *json; /* a text, and what Python does */
    Text tables[TABLES];
    /* What many decisions share, by the objects that it is made of: those are alive as long as the
     * decisions that are added, and a batch is added whole. */
    struct {
        PyObject *outcome, *factors, *action, *lists_version, *text;
        double score;
    } verdicts[REMEMBERED];
    struct {
        PyObject *not_evaluable, *text;
    } remembered[REMEMBERED];
    PyObject *seen; /* the decisions whose parts are remembered */
} Lines;

static size_t place_of(const void *object, uint64_t salt) {
    return ((uintptr_t)object / 16 ^ salt) * 0x9E3779B97F4A7C15u >> 56;
}

/* What Python says of a decision, as bytes: a new reference. */
static PyObject *said(PyObject *work, PyObject *argument) {
    PyObject *found = PyObject_CallOneArg(work, argument);
    if (found && !PyBytes_Check(found)) {
        PyErr_SetString(PyExc_TypeError, "a part of a row is bytes");
        Py_CLEAR(found);
    }
    return found;
}

static int remember(Lines *lines, PyObject *decision, PyObject **place, PyObject *text) {
    if (PyList_Append(lines->seen, decision)) {
        Py_DECREF(text);
        return -1;
    }
    Py_XSETREF(*place, text);
    return 0;
}

static int put_verdict(Lines *lines, Text *text, PyObject *decision) {
    double score = PyFloat_AsDouble(DECISION(decision, SCORE));
    if (score == -1.0 && PyErr_Occurred()) return -1;
    PyObject *factors = DECISION(decision, FACTORS), *outcome = DECISION(decision, OUTCOME),
             *action = DECISION(decision, RECOMMENDED_ACTION),
             *version = DECISION(decision, LISTS_VERSION);
    uint64_t salt;
    memcpy(&salt, &score, sizeof salt);
    typeof(&lines->verdicts[0]) known = &lines->verdicts[place_of(factors, salt)];
    if (!known->text || known->factors != factors || known->outcome != outcome ||
        known->action != action || known->lists_version != version ||
        memcmp(&known->score, &score, sizeof score)) {
        PyObject *fresh = said(lines->verdict, decision);
        if (!fresh || remember(lines, decision, &known->text, fresh)) return -1;
        known->factors = factors, known->outcome = outcome, known->action = action;
        known->lists_version = version, known->score = score;
    }
    return put_bytes(text, known->text);
}

static int put_remarks(Lines *lines, Text *text, PyObject *decision) {
    static const int APART[] = {SHADOW, SNOOZED, LISTS};
    PyObject *absent = DECISION(decision, NOT_EVALUABLE);
    for (int i = 0; i < 3; i++) {
        PyObject *some = DECISION(decision, APART[i]);
        if (PyTuple_Check(some) && !PyTuple_GET_SIZE(some)) continue;
        PyObject *own = said(lines->remarks, decision);
        int failed = own ? put_bytes(text, own) : -1;
        Py_XDECREF(own);
        return failed;
    }
    typeof(&lines->remembered[0]) known = &lines->remembered[place_of(absent, 0)];
    if (!known->text || known->not_evaluable != absent) {
        PyObject *fresh = said(lines->remarks, decision);
        if (!fresh || remember(lines, decision, &known->text, fresh)) return -1;
        known->not_evaluable = absent;
    }
    return put_bytes(text, known->text);
}

/* As JSON, whose own escapes are all that has to be escaped again. */
static int put_json(Lines *lines, Text *text, PyObject *value) {
    PyObject *json = said(lines->json, value);
    if (!json) return -1;
    int failed =
        put_escaped(text, PyBytes_AS_STRING(json), (size_t)PyBytes_GET_SIZE(json), '\t');
    Py_DECREF(json);
    return failed;
}

static int add_order(Lines *lines, PyObject *record, PyObject *event) {
    Text *text = &lines->tables[ORDERS];
    Coordinates at;
    int64_t milliseconds;
    char time[LONGEST_TIME];
    size_t length;
    if (put_number(text, lines->next, '\t') || record_coordinates(record, &at)) return -1;
    Py_ssize_t size;
    const char *topic = PyUnicode_AsUTF8AndSize(at.topic, &size);
    int failed = !topic || put(text, topic, (size_t)size) || put(text, "\t", 1);
    Py_DECREF(at.topic);
    if (failed || put_number(text, at.partition, '\t') || put_number(text, at.offset, '\t') ||
        put_text(text, ORDER(event, TRANSACTION_ID), '\t') ||
        put_text(text, ORDER(event, CUSTOMER_ID), '\t') ||
        time_as_text(ORDER(event, EVENT_TIME), time, &length))
        return -1;
    time[length++] = '\t';
    if (put(text, time, length)) return -1;
    int is_stamped = record_received(record, &milliseconds);
    if (is_stamped < 0) return -1;
    if (is_stamped) {
        length = instant_as_text(milliseconds, time);
        time[length++] = '\t';
        failed = put(text, time, length);
    } else {
        Py_ssize_t now_size;
        const char *now = PyUnicode_AsUTF8AndSize(lines->now, &now_size);
        failed = !now || put(text, now, (size_t)now_size) || put(text, "\t", 1);
    }
    PyObject *value = failed ? NULL : record_value(record);
    if (!value) return -1;
    if (PyBytes_Check(value)) {
        failed = put_escaped(text, PyBytes_AS_STRING(value), (size_t)PyBytes_GET_SIZE(value), '\n');
    } else if (value == Py_None) {
        failed = put(text, "\n", 1);
    } else {
        PyErr_SetString(PyExc_TypeError, "a record's value is bytes");
        failed = -1;
    }
    Py_DECREF(value);
    return failed;
}

static int add_decision(Lines *lines, PyObject *event, PyObject *decision) {
    Text *text = &lines->tables[DECISIONS];
    PyObject *reasons = DECISION(decision, REASONS), *outcome = DECISION(decision, OUTCOME);
    if (put_number(text, lines->next, '\t') ||
        put_text(text, ORDER(event, TRANSACTION_ID), '\t') ||
        put_verdict(lines, text, decision) || put(text, "\t", 1))
        return -1;
    if (PyTuple_Check(reasons) && !PyTuple_GET_SIZE(reasons)) {
        if (put(text, "[]\t", 3)) return -1;
    } else if (put_json(lines, text, reasons)) {
        return -1;
    }
    if (put_json(lines, text, DECISION(decision, FEATURES)) ||
        put_remarks(lines, text, decision) || put(text, "\t", 1))
        return -1;
    Py_ssize_t size;
    const char *now = PyUnicode_AsUTF8AndSize(lines->now, &size);
    if (!now || put(text, now, (size_t)size) || put(text, "\n", 1)) return -1;
    if (PyUnicode_CompareWithASCIIString(outcome, "approve"))
        return put_number(&lines->tables[OUTBOX], lines->next, '\n');
    return 0;
}

static int add_one(Lines *lines, PyObject *decided) {
    if (!PyTuple_Check(decided) || PyTuple_GET_SIZE(decided) != 3 ||
        !PyObject_TypeCheck(PyTuple_GET_ITEM(decided, 1), OrderType) ||
        !PyObject_TypeCheck(PyTuple_GET_ITEM(decided, 2), DecisionType)) {
        PyErr_SetString(PyExc_TypeError, "not a record, its order and its decision");
        return -1;
    }
    PyObject *event = PyTuple_GET_ITEM(decided, 1);
    Text *keys = &lines->tables[KEYS];
    if (put_text(keys, ORDER(event, TRANSACTION_ID), '\t') ||
        put_number(keys, lines->next, '\n') ||
        add_order(lines, PyTuple_GET_ITEM(decided, 0), event) ||
        add_decision(lines, event, PyTuple_GET_ITEM(decided, 2)))
        return -1;
    lines->next++;
    return 0;
}

/* add(decided): a list of records, their orders and their decisions. */
static PyObject *lines_add(Lines *lines, PyObject *decided) {
    if (!PyList_Check(decided))
        return PyErr_Format(PyExc_TypeError, "decided orders come in a list");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(decided); i++)
        if (add_one(lines, PyList_GET_ITEM(decided, i))) return NULL;
    Py_RETURN_NONE;
}

/* tables(): keys, orders, decisions and outbox; nothing can be added any more. */
static PyObject *lines_tables(Lines *lines, PyObject *Py_UNUSED(unused)) {
    PyObject *found = PyTuple_New(TABLES);
    for (int i = 0; found && i < TABLES; i++) {
        Text *text = &lines->tables[i];
        if (!text->bytes) text->bytes = PyBytes_FromStringAndSize(NULL, 0);
        else _PyBytes_Resize(&text->bytes, (Py_ssize_t)text->length);
        if (!text->bytes) Py_CLEAR(found);
        else PyTuple_SET_ITEM(found, i, text->bytes);
        *text = (Text){0};
    }
    return found;
}

/* Lines(first, now, verdict, remarks, json) */
static PyObject *lines_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(names)) {
    long long first;
    PyObject *now, *verdict, *remarks, *json;
    if (!PyArg_ParseTuple(arguments, "LUOOO", &first, &now, &verdict, &remarks, &json))
        return NULL;
    Lines *lines = (Lines *)type->tp_alloc(type, 0);
    if (!lines) return NULL;
    lines->next = first;
    lines->now = Py_NewRef(now);
    lines->verdict = Py_NewRef(verdict);
    lines->remarks = Py_NewRef(remarks);
    lines->json = Py_NewRef(json);
    lines->seen = PyList_New(0);
    if (!lines->seen) Py_CLEAR(lines);
    return (PyObject *)lines;
}

static void lines_dealloc(Lines *lines) {
    for (int i = 0; i < REMEMBERED; i++) {
        Py_XDECREF(lines->verdicts[i].text);
        Py_XDECREF(lines->remembered[i].text);
    }
    for (int i = 0; i < TABLES; i++) Py_XDECREF(lines->tables[i].bytes);
    Py_XDECREF(lines->now);
    Py_XDECREF(lines->verdict);
    Py_XDECREF(lines->remarks);
    Py_XDECREF(lines->json);
    Py_XDECREF(lines->seen);
    Py_TYPE(lines)->tp_free((PyObject *)lines);
}

static PyMethodDef LINES_METHODS[] = {
    {"add", (PyCFunction)lines_add, METH_O, NULL},
    {"tables", (PyCFunction)lines_tables, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject LinesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.consumer._core.Lines",
    .tp_basicsize = sizeof(Lines),
    .tp_new = lines_new,
    .tp_dealloc = (destructor)lines_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = LINES_METHODS,
};
