/* consumer/alignment.py in C: records held back until they can be told in one order of time. */
#include "partitions.h"

#include <stdlib.h>

typedef struct {
    PyObject_HEAD Partitions partitions;
    Standing *held; /* they own their records */
    Py_ssize_t count, room, size;
} Alignment;

static int hold(Alignment *all, PyObject *record, Py_ssize_t *bytes) {
    Coordinates where;
    int64_t at;
    Py_ssize_t length = PyObject_Size(record);
    if (length < 0 || record_time(record, &at) || record_coordinates(record, &where)) return -1;
    Place *place = partitions_find(&all->partitions, &where);
    Py_DECREF(where.topic);
    if (!place) return -1;
    if (at > place->newest) place->newest = at;
    place->next = where.offset + 1;
    all->held[all->count++] = (Standing){place->newest, where.offset, Py_NewRef(record), place};
    *bytes += length;
    return 0;
}

/* By partition what is asked of it, of those where it is not NOWHERE. */
static PyObject *by_partition(const Alignment *all) {
    PyObject *found = PyDict_New();
    for (int i = 0; found && i < all->partitions.count; i++) {
        const Place *known = all->partitions.known[i];
        if (known->next == NOWHERE) continue;
        PyObject *name = Py_BuildValue("OL", known->topic, (long long)known->partition),
                 *next = name ? PyLong_FromLongLong(known->next) : NULL;
        if (!next || PyDict_SetItem(found, name, next)) Py_CLEAR(found);
        Py_XDECREF(name);
        Py_XDECREF(next);
    }
    return found;
}

static void ask_anew(Alignment *all) {
    for (int i = 0; i < all->partitions.count; i++) all->partitions.known[i]->next = NOWHERE;
}

/* add(records): where their partitions go on. */
static PyObject *add(Alignment *all, PyObject *records) {
    PyObject *some = PySequence_Fast(records, "records come in a sequence");
    if (!some) return NULL;
    Py_ssize_t more = PySequence_Fast_GET_SIZE(some), wanted = all->count + more, bytes = 0;
    if (wanted > all->room) {
        Standing *grown = PyMem_Realloc(all->held, 2 * (size_t)wanted * sizeof(Standing));
        if (!grown) return Py_DECREF(some), PyErr_NoMemory();
        all->held = grown;
        all->room = 2 * wanted;
    }
    ask_anew(all);
    Py_ssize_t i = 0;
    while (i < more && !hold(all, PySequence_Fast_GET_ITEM(some, i), &bytes)) i++;
    all->size += bytes;
    Py_DECREF(some);
    return i == more ? by_partition(all) : NULL;
}

/* No record still to come of these partitions is before it; -1 with an exception. */
static int horizon(Alignment *all, PyObject *behind, int64_t *found) {
    PyObject *some = PySequence_Fast(behind, "partitions come in a collection");
    if (!some) return -1;
    *found = INT64_MAX;
    Py_ssize_t i = 0, count = PySequence_Fast_GET_SIZE(some);
    for (; i < count; i++) {
        Coordinates where = {0};
        long long partition;
        PyObject *name = PySequence_Fast_GET_ITEM(some, i);
        if (!PyTuple_Check(name)) PyErr_SetString(PyExc_TypeError, "not a partition");
        if (PyErr_Occurred() || !PyArg_ParseTuple(name, "UL", &where.topic, &partition)) break;
        where.partition = partition;
        const Place *place = partitions_find(&all->partitions, &where);
        if (!place) break;
        if (place->newest < *found) *found = place->newest;
    }
    Py_DECREF(some);
    return i == count ? 0 : -1;
}

/* How many of the first `count` go together: one, and those that fit with it into `size`. */
static Py_ssize_t that_fit(const Alignment *all, Py_ssize_t count, Py_ssize_t size) {
    Py_ssize_t bytes = 0, i = 0;
    for (; i < count; i++) {
        bytes += PyObject_Size(all->held[i].what);
        if (bytes > size && i) break;
    }
    return i;
}

/* ready(behind, rows, size) */
static PyObject *ready(Alignment *all, PyObject *arguments, PyObject *names) {
    static char *NAMES[] = {"behind", "rows", "size", NULL};
    PyObject *behind;
    Py_ssize_t rows = PY_SSIZE_T_MAX, size = PY_SSIZE_T_MAX;
    int64_t until;
    if (!PyArg_ParseTupleAndKeywords(arguments, names, "O|$nn", NAMES, &behind, &rows, &size) ||
        horizon(all, behind, &until))
        return NULL;
    qsort(all->held, (size_t)all->count, sizeof(Standing), standing_compare);
    Py_ssize_t count = 0;
    while (count < all->count && count < rows && all->held[count].at <= until) count++;
    if (all->size > size) count = that_fit(all, count, size);
    PyObject *released = PyList_New(count);
    if (!released) return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        all->size -= PyObject_Size(all->held[i].what);
        PyList_SET_ITEM(released, i, all->held[i].what);
    }
    all->count -= count;
    memmove(all->held, all->held + count, (size_t)all->count * sizeof(Standing));
    return released;
}

static PyObject *first_held(Alignment *all, PyObject *Py_UNUSED(unused)) {
    ask_anew(all);
    for (Py_ssize_t i = 0; i < all->count; i++) {
        int64_t *first = &all->held[i].place->next;
        if (*first == NOWHERE) *first = all->held[i].offset;
    }
    return by_partition(all);
}

static Py_ssize_t length(Alignment *all) { return all->count; }

static PyObject *size(Alignment *all, void *Py_UNUSED(closure)) {
    return PyLong_FromSsize_t(all->size);
}

static void dealloc(Alignment *all) {
    for (Py_ssize_t i = 0; i < all->count; i++) Py_DECREF(all->held[i].what);
    PyMem_Free(all->held);
    partitions_clear(&all->partitions);
    Py_TYPE(all)->tp_free((PyObject *)all);
}

static PyMethodDef METHODS[] = {
    {"add", (PyCFunction)add, METH_O, NULL},
    {"ready", (PyCFunction)(void (*)(void))ready, METH_VARARGS | METH_KEYWORDS, NULL},
    {"first_held", (PyCFunction)first_held, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyGetSetDef FIELDS[] = {{"size", (getter)size, NULL, NULL, NULL}, {0}};
static PySequenceMethods AS_SEQUENCE = {.sq_length = (lenfunc)length};

PyTypeObject AlignmentType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.consumer._core.Alignment",
    .tp_basicsize = sizeof(Alignment),
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = METHODS,
    .tp_getset = FIELDS,
    .tp_as_sequence = &AS_SEQUENCE,
};
