/* consumer/binary_rows.py in C: the rows of decided orders for COPY, one order after the other
 * while it is at hand.
 */
#include "copy_binary.h"

enum { REMEMBERED = 256 };
enum { KEYS, ORDERS, DECISIONS, OUTBOX, TABLES };

typedef struct {
    PyObject_HEAD int64_t next, now, newest;
    PyObject *verdict, *remarks, *json; /* what Python does */
    Rows tables[TABLES];
    /* What many decisions share, by the objects that it is made of: those are alive as long as the
     * decisions that are added, and a batch is added whole. */
    struct {
        PyObject *outcome, *factors, *action, *lists_version, *fields;
        double score;
    } verdicts[REMEMBERED];
    struct {
        PyObject *not_evaluable, *fields;
    } remembered[REMEMBERED];
    PyObject *seen; /* the decisions whose parts are remembered */
} BinaryRows;

/* What the batch before took, by table, and a little more. */
static size_t usual[TABLES];

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

static int remember(BinaryRows *made, PyObject *decision, PyObject **place, PyObject *fields) {
    if (PyList_Append(made->seen, decision)) {
        Py_DECREF(fields);
        return -1;
    }
    Py_XSETREF(*place, fields);
    return 0;
}

static int put_verdict(BinaryRows *made, Rows *rows, PyObject *decision) {
    double score = PyFloat_AsDouble(DECISION(decision, SCORE));
    if (score == -1.0 && PyErr_Occurred()) return -1;
    PyObject *factors = DECISION(decision, FACTORS), *outcome = DECISION(decision, OUTCOME),
             *action = DECISION(decision, RECOMMENDED_ACTION),
             *version = DECISION(decision, LISTS_VERSION);
    uint64_t salt;
    memcpy(&salt, &score, sizeof salt);
    typeof(&made->verdicts[0]) known = &made->verdicts[place_of(factors, salt)];
    if (!known->fields || known->factors != factors || known->outcome != outcome ||
        known->action != action || known->lists_version != version ||
        memcmp(&known->score, &score, sizeof score)) {
        PyObject *fresh = said(made->verdict, decision);
        if (!fresh || remember(made, decision, &known->fields, fresh)) return -1;
        known->factors = factors, known->outcome = outcome, known->action = action;
        known->lists_version = version, known->score = score;
    }
    return put_fields(rows, known->fields);
}

static int put_remarks(BinaryRows *made, Rows *rows, PyObject *decision) {
    static const int APART[] = {SHADOW, SNOOZED, LISTS};
    PyObject *absent = DECISION(decision, NOT_EVALUABLE);
    for (int i = 0; i < 3; i++) {
        PyObject *some = DECISION(decision, APART[i]);
        if (PyTuple_Check(some) && !PyTuple_GET_SIZE(some)) continue;
        PyObject *own = said(made->remarks, decision);
        int failed = own ? put_fields(rows, own) : -1;
        Py_XDECREF(own);
        return failed;
    }
    typeof(&made->remembered[0]) known = &made->remembered[place_of(absent, 0)];
    if (!known->fields || known->not_evaluable != absent) {
        PyObject *fresh = said(made->remarks, decision);
        if (!fresh || remember(made, decision, &known->fields, fresh)) return -1;
        known->not_evaluable = absent;
    }
    return put_fields(rows, known->fields);
}

static int put_json(BinaryRows *made, Rows *rows, PyObject *value,
                    int (*put)(Rows *, const char *, size_t)) {
    PyObject *json = said(made->json, value);
    if (!json) return -1;
    int failed = put(rows, PyBytes_AS_STRING(json), (size_t)PyBytes_GET_SIZE(json));
    Py_DECREF(json);
    return failed;
}

/* Topic, partition and offset. */
static int put_coordinates(Rows *rows, PyObject *record) {
    Coordinates at;
    if (record_coordinates(record, &at)) return -1;
    int failed = put_text(rows, at.topic) || put_integer(rows, (int32_t)at.partition) ||
                 put_bigint(rows, at.offset);
    Py_DECREF(at.topic);
    return failed ? -1 : 0;
}

static int put_received(BinaryRows *made, Rows *rows, PyObject *record) {
    int64_t milliseconds;
    int is_stamped = record_received(record, &milliseconds);
    if (is_stamped < 0) return -1;
    return put_time(rows, is_stamped ? 1000 * milliseconds : made->now);
}

static int put_value(Rows *rows, PyObject *record) {
    PyObject *value = record_value(record);
    if (!value) return -1;
    int failed = -1;
    if (PyBytes_Check(value))
        failed = put_field(rows, PyBytes_AS_STRING(value), (size_t)PyBytes_GET_SIZE(value));
    else if (value == Py_None) failed = put_field(rows, "", 0);
    else PyErr_SetString(PyExc_TypeError, "a record's value is bytes");
    Py_DECREF(value);
    return failed;
}

static int add_order(BinaryRows *made, PyObject *record, PyObject *event) {
    Rows *rows = &made->tables[ORDERS];
    int64_t event_time;
    if (begin_row(rows, 9) || put_bigint(rows, made->next) || put_coordinates(rows, record) ||
        put_text(rows, ORDER(event, TRANSACTION_ID)) || put_text(rows, ORDER(event, CUSTOMER_ID)) ||
        time_in_microseconds(ORDER(event, EVENT_TIME), &event_time) || put_time(rows, event_time) ||
        put_received(made, rows, record))
        return -1;
    if (event_time > made->newest) made->newest = event_time;
    return put_value(rows, record);
}

static int put_reasons(BinaryRows *made, Rows *rows, PyObject *reasons) {
    if (PyTuple_Check(reasons) && !PyTuple_GET_SIZE(reasons)) return put_jsonb(rows, "[]", 2);
    return put_json(made, rows, reasons, put_jsonb);
}

static int add_decision(BinaryRows *made, PyObject *event, PyObject *decision) {
    Rows *rows = &made->tables[DECISIONS], *outbox = &made->tables[OUTBOX];
    if (begin_row(rows, 15) || put_bigint(rows, made->next) ||
        put_text(rows, ORDER(event, TRANSACTION_ID)) || put_verdict(made, rows, decision) ||
        put_reasons(made, rows, DECISION(decision, REASONS)) ||
        put_json(made, rows, DECISION(decision, FEATURES), put_field) ||
        put_remarks(made, rows, decision) || put_time(rows, made->now))
        return -1;
    if (!PyUnicode_CompareWithASCIIString(DECISION(decision, OUTCOME), "approve")) return 0;
    return begin_row(outbox, 1) || put_bigint(outbox, made->next) ? -1 : 0;
}

static int add_one(BinaryRows *made, PyObject *decided) {
    if (!PyTuple_Check(decided) || PyTuple_GET_SIZE(decided) != 3 ||
        !PyObject_TypeCheck(PyTuple_GET_ITEM(decided, 1), OrderType) ||
        !PyObject_TypeCheck(PyTuple_GET_ITEM(decided, 2), DecisionType)) {
        PyErr_SetString(PyExc_TypeError, "not a record, its order and its decision");
        return -1;
    }
    PyObject *event = PyTuple_GET_ITEM(decided, 1);
    Rows *keys = &made->tables[KEYS];
    if (begin_row(keys, 2) || put_text(keys, ORDER(event, TRANSACTION_ID)) ||
        put_bigint(keys, made->next) || add_order(made, PyTuple_GET_ITEM(decided, 0), event) ||
        add_decision(made, event, PyTuple_GET_ITEM(decided, 2)))
        return -1;
    made->next++;
    return 0;
}

/* add(decided): a list of records, their orders and their decisions. */
static PyObject *rows_add(BinaryRows *made, PyObject *decided) {
    if (!PyList_Check(decided))
        return PyErr_Format(PyExc_TypeError, "decided orders come in a list");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(decided); i++)
        if (add_one(made, PyList_GET_ITEM(decided, i))) return NULL;
    Py_RETURN_NONE;
}

/* tables(): keys, orders, decisions and outbox; nothing can be added any more. */
static PyObject *rows_tables(BinaryRows *made, PyObject *Py_UNUSED(unused)) {
    PyObject *found = PyTuple_New(TABLES);
    for (int i = 0; found && i < TABLES; i++) {
        usual[i] = made->tables[i].length + made->tables[i].length / 8;
        PyObject *whole = framed(&made->tables[i]);
        if (!whole) Py_CLEAR(found);
        else PyTuple_SET_ITEM(found, i, whole);
    }
    return found;
}

static PyObject *rows_newest(BinaryRows *made, void *Py_UNUSED(closure)) {
    if (made->newest == INT64_MIN) Py_RETURN_NONE;
    return PyLong_FromLongLong(made->newest);
}

/* BinaryRows(first, now, verdict, remarks, json) */
static PyObject *rows_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(names)) {
    long long first, now;
    PyObject *verdict, *remarks, *json;
    if (!PyArg_ParseTuple(arguments, "LLOOO", &first, &now, &verdict, &remarks, &json)) return NULL;
    BinaryRows *made = (BinaryRows *)type->tp_alloc(type, 0);
    if (!made) return NULL;
    made->next = first;
    made->now = now;
    made->newest = INT64_MIN;
    made->verdict = Py_NewRef(verdict);
    made->remarks = Py_NewRef(remarks);
    made->json = Py_NewRef(json);
    made->seen = PyList_New(0);
    for (int i = 0; i < TABLES; i++) made->tables[i].usual = usual[i];
    if (!made->seen) Py_CLEAR(made);
    return (PyObject *)made;
}

static void rows_dealloc(BinaryRows *made) {
    for (int i = 0; i < REMEMBERED; i++) {
        Py_XDECREF(made->verdicts[i].fields);
        Py_XDECREF(made->remembered[i].fields);
    }
    for (int i = 0; i < TABLES; i++) Py_XDECREF(made->tables[i].bytes);
    Py_XDECREF(made->verdict);
    Py_XDECREF(made->remarks);
    Py_XDECREF(made->json);
    Py_XDECREF(made->seen);
    Py_TYPE(made)->tp_free((PyObject *)made);
}

static PyMethodDef METHODS[] = {
    {"add", (PyCFunction)rows_add, METH_O, NULL},
    {"tables", (PyCFunction)rows_tables, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef VALUES[] = {
    {"newest", (getter)rows_newest, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject BinaryRowsType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.consumer._core.BinaryRows",
    .tp_basicsize = sizeof(BinaryRows),
    .tp_new = rows_new,
    .tp_dealloc = (destructor)rows_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = METHODS,
    .tp_getset = VALUES,
};
