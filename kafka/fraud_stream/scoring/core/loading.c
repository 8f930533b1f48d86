/* Portions of a snapshot back into the state. */
#include "columns.h"
#include "state.h"

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

static int read_cell(Core *core, Record *record, const Column *column,
                     const unsigned char *place) {
    uint64_t value = get(place, WIDTH[column->holds]);
    switch (column->holds) {
    case TIME:
        record->at = (int64_t)value;
        break;
    case AMOUNT:
        record->amount = (int64_t)value;
        break;
    case FLAG_OF:
        if (value) record->marks |= (unsigned)column->which;
        break;
    case KEY:
        if (value && value >= core->loaded_count[column->which]) {
            PyErr_SetString(PyExc_ValueError, "a text that is not there");
            return -1;
        }
        record->key[column->which] = value ? core->loaded[column->which][value] : 0;
        if (value && column->which == VOUCHER) record->marks |= WITH_VOUCHER;
        break;
    case AXIS:
        record->place[column->which] = (int32_t)value;
    }
    return 0;
}

/* How many records the columns hold; -1 with an exception set when they are not a portion's. */
static Py_ssize_t rows_of(PyObject *columns, const Column *expected, int count) {
    if (PyList_GET_SIZE(columns) != count) {
        PyErr_SetString(PyExc_ValueError, "not as many columns as there should be");
        return -1;
    }
    Py_ssize_t rows = -1;
    for (int i = 0; i < count; i++) {
        PyObject *bytes = PyList_GET_ITEM(columns, i);
        Py_ssize_t width = WIDTH[expected[i].holds];
        Py_ssize_t size = PyBytes_Check(bytes) ? PyBytes_GET_SIZE(bytes) : -1;
        if (size < 0 || size % width || (rows >= 0 && size / width != rows)) {
            PyErr_SetString(PyExc_ValueError, "columns of different lengths");
            return -1;
        }
        rows = size / width;
    }
    return rows;
}

/* load(of_labels, texts, columns): the records of a portion into the state; ValueError when it is
 * not one. */
PyObject *core_load(Core *core, PyObject *arguments) {
    int of_labels;
    PyObject *texts, *columns;
    if (!PyArg_ParseTuple(arguments, "pO!O!", &of_labels, &PyList_Type, &texts, &PyList_Type,
                          &columns))
        return NULL;
    const Column *expected = of_labels ? IN_LABELS : IN_ORDERS;
    int count = of_labels ? LABEL_COLUMNS : ORDER_COLUMNS;
    Py_ssize_t rows = rows_of(columns, expected, count);
    if (rows < 0) return NULL;
    if (PyList_GET_SIZE(texts) != TEXTS) {
        PyErr_SetString(PyExc_ValueError, "not texts for each column of texts");
        return NULL;
    }
    core->loading = true;
    if (learn_texts(core, texts)) return NULL;
    Record *records =
        PyMem_RawCalloc((size_t)rows + 2, sizeof(Record)); /* two to look ahead to */
    if (!records) return PyErr_NoMemory();
    int failed = 0;
    for (Py_ssize_t row = 0; row < rows; row++) records[row].place[0] = NO_PLACE;
    for (int i = 0; i < count && !failed; i++) {
        const unsigned char *place =
            (const unsigned char *)PyBytes_AS_STRING(PyList_GET_ITEM(columns, i));
        for (Py_ssize_t row = 0; row < rows && !failed; row++, place += WIDTH[expected[i].holds])
            failed = read_cell(core, &records[row], &expected[i], place);
    }
    for (Py_ssize_t row = 0; row < rows && !failed; row++) {
        core_look_ahead(core, &records[row + 1], &records[row + 2]);
        failed = core_take(core, &records[row], of_labels, NULL);
    }
    PyMem_RawFree(records);
    return failed ? NULL : PyLong_FromSsize_t(rows);
}

void core_forget_loaded(Core *core) {
    core->loading = false;
    for (int column = 0; column < TEXTS; column++) {
        PyMem_RawFree(core->loaded[column]);
        core->loaded[column] = NULL;
        core->loaded_count[column] = 0;
    }
}

/* loaded(): no more portions of this snapshot will come; what no window reaches is let go. */
PyObject *core_loaded(Core *core, PyObject *Py_UNUSED(unused)) {
    core_forget_loaded(core);
    if (core_tidy(core)) return PyErr_NoMemory();
    Py_RETURN_NONE;
}
