/* What there is to keep and to read, as Python's catalogue describes it. */
#include "state.h"

#include <string.h>

static int text_index(const char *name, const char *const *names, int count) {
    for (int i = 0; i < count; i++)
        if (!strcmp(name, names[i])) return i;
    PyErr_Format(PyExc_ValueError, "unknown: %s", name);
    return -1;
}

static const char *const SUM_NAMES[] = {"flag", "sum", "square", "x", "y", "z", "distinct"};

static int mark_of(int column) {
    return column == VOUCHER ? WITH_VOUCHER : -column; /* other marks come as negative columns */
}

/* One sum: (window, kind, column); windows ascend over the list. */
static int read_sum(Kind *kind, PyObject *item, int index, int *narrow, int *wides) {
    Sum *sum = &kind->sums[index];
    const char *name;
    if (!PyArg_ParseTuple(item, "isi", &sum->window, &name, &sum->column)) return -1;
    int found = text_index(name, SUM_NAMES, 7);
    if (found < 0) return -1;
    sum->kind = (SumKind)found;
    if (sum->kind == SUM_FLAG) {
        sum->mark = mark_of(sum->column);
        sum->slot = (*narrow)++;
    } else if (sum->kind == SUM_DISTINCT) {
        sum->slot = kind->counted++;
        int i = 0;
        while (i < kind->soles && kind->sole_column[i] != sum->column) i++;
        if (i == kind->soles) kind->sole_column[kind->soles++] = sum->column;
        sum->sole = i;
    } else {
        sum->slot = *wides;
        *wides += sum->kind == SUM_SQUARE ? 2 : 1;
    }
    return 0;
}

static int read_kind(Core *core, Kind *kind, PyObject *item) {
    PyObject *lengths, *sums;
    int per_currency, of_labels;
    if (!PyArg_ParseTuple(item, "iippLO!O!", &kind->column, &kind->sharing, &per_currency,
                          &of_labels, &kind->retention, &PyTuple_Type, &lengths, &PyTuple_Type,
                          &sums))
        return -1;
    Py_ssize_t windows = PyTuple_GET_SIZE(lengths), count = PyTuple_GET_SIZE(sums);
    if (windows > MAX_WINDOWS || count > MAX_SUMS || kind->sharing >= MAX_SHARING) {
        PyErr_SetString(PyExc_ValueError, "more windows, sums or kinds than there is room for");
        return -1;
    }
    kind->per_currency = per_currency;
    kind->of_labels = of_labels;
    kind->records = of_labels ? &core->labels : &core->orders;
    kind->arena = &core->arena;
    kind->windows = (int)windows;
    for (int w = 0; w < windows; w++)
        kind->length[w] = PyLong_AsLongLong(PyTuple_GET_ITEM(lengths, w));
    int narrow = kind->windows, wides = 0, next = 0;
    for (int i = 0; i < count; i++) {
        if (read_sum(kind, PyTuple_GET_ITEM(sums, i), i, &narrow, &wides)) return -1;
        while (next <= kind->sums[i].window) kind->first_sum[next++] = i;
    }
    while (next <= kind->windows) kind->first_sum[next++] = (int)count;
    kind->first_sole = narrow;
    for (int i = 0; i < count; i++) kind->sums[i].sole += narrow;
    size_t end = sizeof(Entity) + (size_t)(narrow + kind->soles) * sizeof(uint32_t);
    kind->wide_offset = (end + 7) / 8 * 8;
    kind->size = kind->wide_offset + (size_t)wides * sizeof(int64_t);
    return PyErr_Occurred() ? -1 : 0;
}

/* Kinds: (column, sharing, per currency, of labels, retention, lengths of windows, sums) each. */
int layout_read(Core *core, PyObject *kinds) {
    int sharing[TEXTS] = {0};
    if (PyTuple_GET_SIZE(kinds) > MAX_KINDS) {
        PyErr_SetString(PyExc_ValueError, "more kinds of entity than there is room for");
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(kinds); i++) {
        Kind *kind = &core->kinds[core->kind_count];
        if (read_kind(core, kind, PyTuple_GET_ITEM(kinds, i))) return -1;
        core->kind_count++;
        if (kind->retention > core->longest_retention) core->longest_retention = kind->retention;
        if (sharing[kind->column] <= kind->sharing) sharing[kind->column] = kind->sharing + 1;
    }
    for (int column = 0; column < TEXTS; column++)
        if (pool_open(&core->pools[column], &core->arena, sharing[column]))
            return PyErr_NoMemory(), -1;
    return 0;
}

/* Features: (kind, measure, window, column, column of what is sought in it, the kind's 24-hour
 * window or -1) each, in the order in which they are answered. */
int layout_ask(Core *core, PyObject *features) {
    Py_ssize_t count = PyTuple_GET_SIZE(features);
    Reading *readings[MAX_KINDS] = {0};
    int asked[MAX_KINDS] = {0};
    for (Py_ssize_t i = 0; i < count; i++) {
        int number, last_day;
        const char *measure;
        Reading reading = {.place = i};
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(features, i), "isiiii", &number, &measure,
                              &reading.window, &reading.column, &reading.sought, &last_day))
            goto failed;
        int found = text_index(measure, MEASURE_NAMES, MEASURES);
        if (found < 0) goto failed;
        reading.measure = (Measure)found;
        if (reading.measure == SEEN) {
            reading.own = &core->pools[reading.sought];
            reading.among = &core->pools[reading.column];
        }
        if (reading_prepare(&reading, &core->kinds[number], last_day)) goto failed;
        Reading *grown =
            PyMem_RawRealloc(readings[number], (size_t)(asked[number] + 1) * sizeof(Reading));
        if (!grown) {
            PyErr_NoMemory();
            goto failed;
        }
        readings[number] = grown;
        grown[asked[number]++] = reading;
    }
    for (int i = 0; i < core->kind_count; i++) {
        PyMem_RawFree(core->kinds[i].readings);
        core->kinds[i].readings = readings[i];
        core->kinds[i].asked = asked[i];
    }
    core->asked = count;
    return 0;
failed:
    for (int i = 0; i < MAX_KINDS; i++) PyMem_RawFree(readings[i]);
    return -1;
}
