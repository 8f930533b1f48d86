/* The state as columns of whole numbers, a portion at a time, and back: see columns.py. */
#include "state.h"

static const int LABEL_KEYS[] = {SHOP, DEVICE, CARD};
enum { ORDER_COLUMNS = 2 + TEXTS + 5, LABEL_COLUMNS = 5 };

typedef struct {
    PyObject_HEAD Core *core;
    uint32_t first[2], next[2], end[2]; /* orders, labels */
    int64_t newest;
    uint32_t *numbers[TEXTS]; /* of each Name: its number among those written, 0 for not yet */
    uint32_t written[TEXTS];
} Frozen;

PyObject *core_freeze(Core *core, PyObject *Py_UNUSED(unused)) {
    Frozen *frozen = PyObject_New(Frozen, &FrozenType);
    if (!frozen) return NULL;
    memset((char *)frozen + sizeof(PyObject), 0, sizeof(Frozen) - sizeof(PyObject));
    frozen->core = (Core *)Py_NewRef((PyObject *)core);
    core->frozen++;
    const Records *records[] = {&core->orders, &core->labels};
    for (int i = 0; i < 2; i++) {
        frozen->first[i] = frozen->next[i] = records[i]->first;
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

static PyObject *number_of(Frozen *frozen, int column, Id id, PyObject *texts) {
    if (!id) return PyLong_FromLong(0);
    const Pool *pool = &frozen->core->pools[column];
    uint32_t *number = &frozen->numbers[column][id];
    if (!*number) {
        *number = ++frozen->written[column];
        if (PyList_Append(PyList_GET_ITEM(texts, column), name_at(pool, id)->text)) return NULL;
    }
    return PyLong_FromUnsignedLong(*number);
}

/* The values of a record in the order of columns.py's ORDER_COLUMNS or LABEL_COLUMNS. */
static int write_record(Frozen *frozen, const Record *record, bool of_labels, PyObject *texts,
                        PyObject **values) {
    int n = 0;
    values[n++] = PyLong_FromLongLong(record->at);
    if (of_labels) {
        values[n++] = PyLong_FromLong((record->marks & FRAUD) != 0);
        for (int i = 0; i < 3; i++)
            values[n++] = number_of(frozen, LABEL_KEYS[i], record->key[LABEL_KEYS[i]], texts);
    } else {
        values[n++] = PyLong_FromLongLong(record->amount);
        for (int column = 0; column < TEXTS; column++)
            values[n++] = number_of(frozen, column, record->key[column], texts);
        for (int axis = 0; axis < 3; axis++)
            values[n++] = record->place[0] == NO_PLACE ? Py_NewRef(Py_None)
                                                       : PyLong_FromLong(record->place[axis]);
        values[n++] = PyLong_FromLong((record->marks & DECLINED) != 0);
        values[n++] = PyLong_FromLong((record->marks & REFUND) != 0);
    }
    int failed = 0;
    for (int i = 0; i < n; i++) failed |= !values[i];
    for (int i = 0; failed && i < n; i++) Py_XDECREF(values[i]);
    return failed ? -1 : n;
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
    PyObject *texts = lists(TEXTS), *columns = lists(of_labels ? LABEL_COLUMNS : ORDER_COLUMNS);
    Py_ssize_t found = 0;
    for (; texts && columns && found < most && frozen->next[of_labels] != frozen->end[of_labels];) {
        const Record *record = record_at(records, frozen->next[of_labels]++);
        if (record->at < floor) continue;
        PyObject *values[ORDER_COLUMNS];
        int count = write_record(frozen, record, of_labels, texts, values);
        if (count < 0) goto failed;
        int wrong = 0;
        for (int i = 0; i < count; i++) {
            wrong |= PyList_Append(PyList_GET_ITEM(columns, i), values[i]);
            Py_DECREF(values[i]);
        }
        if (wrong) goto failed;
        found++;
    }
    if (!texts || !columns) goto failed;
    if (!found) {
        Py_DECREF(texts);
        Py_DECREF(columns);
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(NN)", texts, columns);
failed:
    Py_XDECREF(texts);
    Py_XDECREF(columns);
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

/* ---- reading a snapshot ---- */

static int learn_texts(Core *core, PyObject *texts) {
    for (int column = 0; column < TEXTS; column++) {
        PyObject *fresh = PyList_GetItem(texts, column);
        if (!fresh || !PyList_Check(fresh)) return -1;
        size_t known = core->loaded_count[column] ? core->loaded_count[column] : 1;
        size_t count = known + (size_t)PyList_GET_SIZE(fresh);
        Id *ids = PyMem_RawRealloc(core->loaded[column], count * sizeof(Id));
        if (!ids) return PyErr_NoMemory(), -1;
        core->loaded[column] = ids;
        core->loaded_count[column] = count;
        ids[0] = 0;
        for (size_t i = known; i < count; i++) {
            Search search;
            if (pool_begin(&core->pools[column], PyList_GET_ITEM(fresh, (Py_ssize_t)(i - known)),
                           &search) ||
                !(ids[i] = pool_intern(&core->pools[column], &search)))
                return -1;
        }
    }
    return 0;
}

static int64_t cell(PyObject *columns, int column, Py_ssize_t row) {
    PyObject *list = PyList_GET_ITEM(columns, column);
    if (!PyList_Check(list) || row >= PyList_GET_SIZE(list)) {
        PyErr_SetString(PyExc_ValueError, "columns of different lengths");
        return -1;
    }
    PyObject *value = PyList_GET_ITEM(list, row);
    return value == Py_None ? NO_PLACE : PyLong_AsLongLong(value);
}

static int read_key(Core *core, Record *record, int column, int64_t number) {
    if (number < 0 || (size_t)number >= core->loaded_count[column]) {
        PyErr_SetString(PyExc_ValueError, "a text that is not there");
        return -1;
    }
    record->key[column] = core->loaded[column][number];
    return 0;
}

static int read_record(Core *core, PyObject *columns, Py_ssize_t row, bool of_labels,
                       Record *record) {
    *record = (Record){.at = cell(columns, 0, row), .place = {NO_PLACE}};
    if (of_labels) {
        record->marks = cell(columns, 1, row) ? FRAUD : 0;
        for (int i = 0; i < 3; i++)
            if (read_key(core, record, LABEL_KEYS[i], cell(columns, 2 + i, row))) return -1;
        return PyErr_Occurred() ? -1 : 0;
    }
    record->amount = cell(columns, 1, row);
    for (int column = 0; column < TEXTS; column++)
        if (read_key(core, record, column, cell(columns, 2 + column, row))) return -1;
    for (int axis = 0; axis < 3; axis++)
        record->place[axis] = (int32_t)cell(columns, 2 + TEXTS + axis, row);
    record->marks = (cell(columns, 5 + TEXTS, row) ? DECLINED : 0) |
                    (cell(columns, 6 + TEXTS, row) ? REFUND : 0) |
                    (record->key[VOUCHER] ? WITH_VOUCHER : 0);
    return PyErr_Occurred() ? -1 : 0;
}

/* load(of_labels, texts, columns): the records of a portion into the state; ValueError when it is
 * not one. */
PyObject *core_load(Core *core, PyObject *arguments) {
    int of_labels;
    PyObject *texts, *columns;
    if (!PyArg_ParseTuple(arguments, "pO!O!", &of_labels, &PyList_Type, &texts, &PyList_Type,
                          &columns))
        return NULL;
    if (PyList_GET_SIZE(texts) != TEXTS ||
        PyList_GET_SIZE(columns) != (of_labels ? LABEL_COLUMNS : ORDER_COLUMNS) ||
        !PyList_Check(PyList_GET_ITEM(columns, 0))) {
        PyErr_SetString(PyExc_ValueError, "not as many columns as there should be");
        return NULL;
    }
    if (learn_texts(core, texts)) return NULL;
    Py_ssize_t rows = PyList_GET_SIZE(PyList_GET_ITEM(columns, 0));
    Record *records =
        PyMem_RawCalloc((size_t)rows + 3, sizeof(Record)); /* three to look ahead to */
    if (!records) return PyErr_NoMemory();
    int failed = 0;
    for (Py_ssize_t row = 0; row < rows && !failed; row++)
        failed = read_record(core, columns, row, of_labels, &records[row]);
    for (Py_ssize_t row = 0; row < rows && !failed; row++) {
        core_look_ahead(core, &records[row + 1], &records[row + 2], &records[row + 3]);
        failed = core_take(core, &records[row], of_labels, NULL);
    }
    PyMem_RawFree(records);
    return failed ? NULL : PyLong_FromSsize_t(rows);
}

/* loaded(): no more portions will come. */
PyObject *core_loaded(Core *core, PyObject *Py_UNUSED(unused)) {
    for (int column = 0; column < TEXTS; column++) {
        PyMem_RawFree(core->loaded[column]);
        core->loaded[column] = NULL;
        core->loaded_count[column] = 0;
    }
    Py_RETURN_NONE;
}
