/* The state as columns of whole numbers, a portion at a time: see columns.py. */
#include "columns.h"
#include "state.h"


typedef struct {
    PyObject_HEAD Core *core;
    uint32_t first[2], next[2], end[2]; /* orders, labels */
    int64_t newest;
    uint32_t *numbers[TEXTS]; /* of each Name: its number among those written, 0 for not yet */
    uint32_t written[TEXTS];
} Frozen;

/* taken(): how many orders and labels were ever taken in, modulo 2^32. */
PyObject *core_taken(Core *core, PyObject *Py_UNUSED(unused)) {
    return Py_BuildValue("(II)", core->orders.end, core->labels.end);
}

/* freeze(orders, labels): what was taken in after so many of each, as far as it is still held. */
PyObject *core_freeze(Core *core, PyObject *arguments) {
    uint32_t after[2];
    if (!PyArg_ParseTuple(arguments, "II", &after[0], &after[1])) return NULL;
    Frozen *frozen = PyObject_New(Frozen, &FrozenType);
    if (!frozen) return NULL;
    memset((char *)frozen + sizeof(PyObject), 0, sizeof(Frozen) - sizeof(PyObject));
    frozen->core = (Core *)Py_NewRef((PyObject *)core);
    core->frozen++;
    const Records *records[] = {&core->orders, &core->labels};
    for (int i = 0; i < 2; i++) {
        bool held = (after[0] || after[1]) &&
                    after[i] - records[i]->first <= records[i]->end - records[i]->first;
        frozen->first[i] = frozen->next[i] = held ? after[i] : records[i]->first;
        frozen->end[i] = records[i]->end;
    }
    frozen->newest = core->newest;
    return (PyObject *)frozen;
}

/* rewind(): portions begin anew. */
static PyObject *frozen_rewind(Frozen *frozen, PyObject *Py_UNUSED(unused)) {
    memcpy(frozen->next, frozen->first, sizeof frozen->next);
    memset(frozen->written, 0, sizeof frozen->written);
    for (int column = 0; column < TEXTS; column++) {
        PyMem_RawFree(frozen->numbers[column]);
        frozen->numbers[column] = NULL;
    }
    Py_RETURN_NONE;
}

static void frozen_dealloc(Frozen *frozen) {
    Py_XDECREF(frozen_rewind(frozen, NULL));
    frozen->core->frozen--;
    Py_DECREF(frozen->core);
    PyObject_Free(frozen);
}

/* A text's number among those written; 0 stands for none. -1 with an exception set. */
static int number_of(Frozen *frozen, int column, Id id, PyObject *texts, uint32_t *found) {
    *found = 0;
    if (!id) return 0;
    const Pool *pool = &frozen->core->pools[column];
    uint32_t *number = &frozen->numbers[column][id];
    if (!*number) {
        *number = ++frozen->written[column];
        PyObject *text = text_as_python(name_at(pool, id)->text);
        int failed = text ? PyList_Append(PyList_GET_ITEM(texts, column), text) : -1;
        Py_XDECREF(text);
        if (failed) return -1;
    }
    *found = *number;
    return 0;
}

/* One column of some records, new bytes. */
static PyObject *write_column(Frozen *frozen, const Column *column, const Record **records,
                              Py_ssize_t count, PyObject *texts) {
    int width = WIDTH[column->holds];
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, count * width);
    if (!bytes) return NULL;
    unsigned char *place = (unsigned char *)PyBytes_AS_STRING(bytes);
    for (Py_ssize_t i = 0; i < count; i++, place += width) {
        const Record *record = records[i];
        uint32_t number;
        switch (column->holds) {
        case TIME:
            put(place, (uint64_t)(int64_t)record->at, 8);
            break;
        case AMOUNT:
            put(place, (uint64_t)record->amount, 8);
            break;
        case FLAG_OF:
            *place = (record->marks & (unsigned)column->which) != 0;
            break;
        case KEY:
            if (number_of(frozen, column->which, record->key[column->which], texts, &number)) {
                Py_DECREF(bytes);
                return NULL;
            }
            put(place, number, 4);
            break;
        case AXIS: /* all three say it when there is none */
            put(place, (uint32_t)record->place[record->place[0] == NO_PLACE ? 0 : column->which],
                4);
        }
    }
    return bytes;
}

static PyObject *lists(int count) {
    PyObject *all = PyList_New(count);
    for (int i = 0; all && i < count; i++) {
        PyObject *list = PyList_New(0);
        if (!list) Py_CLEAR(all);
        else PyList_SET_ITEM(all, i, list);
    }
    return all;
}

static int make_numbers(Frozen *frozen) {
    for (int column = 0; column < TEXTS; column++) {
        if (frozen->numbers[column]) continue;
        frozen->numbers[column] =
            PyMem_RawCalloc(frozen->core->pools[column].end, sizeof(uint32_t));
        if (!frozen->numbers[column]) return -1;
    }
    return 0;
}

/* portion(of_labels, floor, most): (texts, columns) of the next records no older than `floor`, or
 * None at the end. */
static PyObject *frozen_portion(Frozen *frozen, PyObject *arguments) {
    int of_labels;
    long long floor;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(arguments, "pLn", &of_labels, &floor, &most)) return NULL;
    if (make_numbers(frozen)) return PyErr_NoMemory();
    const Records *records = of_labels ? &frozen->core->labels : &frozen->core->orders;
    const Record **some = PyMem_New(const Record *, most);
    if (!some) return PyErr_NoMemory();
    Py_ssize_t found = 0;
    while (found < most && frozen->next[of_labels] != frozen->end[of_labels]) {
        const Record *record = record_at(records, frozen->next[of_labels]++);
        if (record->at >= floor) some[found++] = record;
    }
    int count = of_labels ? LABEL_COLUMNS : ORDER_COLUMNS;
    PyObject *texts = found ? lists(TEXTS) : NULL, *columns = texts ? PyList_New(count) : NULL;
    for (int i = 0; columns && i < count; i++) {
        const Column *column = of_labels ? &IN_LABELS[i] : &IN_ORDERS[i];
        PyObject *bytes = write_column(frozen, column, some, found, texts);
        if (!bytes) Py_CLEAR(columns);
        else PyList_SET_ITEM(columns, i, bytes);
    }
    PyMem_Free(some);
    if (!found) Py_RETURN_NONE;
    if (columns) return Py_BuildValue("(NN)", texts, columns);
    Py_XDECREF(texts);
    return NULL;
}

static PyObject *frozen_newest(Frozen *frozen, void *Py_UNUSED(closure)) {
    return PyLong_FromLongLong(frozen->newest);
}

static PyMethodDef FROZEN_METHODS[] = {
    {"rewind", (PyCFunction)frozen_rewind, METH_NOARGS, NULL},
    {"portion", (PyCFunction)frozen_portion, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef FROZEN_VALUES[] = {
    {"newest", (getter)frozen_newest, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
PyTypeObject FrozenType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.scoring._core.Frozen",
    .tp_basicsize = sizeof(Frozen),
    .tp_dealloc = (destructor)frozen_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_methods = FROZEN_METHODS,
    .tp_getset = FROZEN_VALUES,
};
