/* consumer/sorting.py in C. */
#include "partitions.h"

#include <stdlib.h>

/* Where a decoded record, which is borrowed, stands; an order's own time, or its neighbour's. */
static int standing_of(PyObject *decoded, Partitions *partitions, Standing *found) {
    Coordinates where;
    if (!PyTuple_Check(decoded) || PyTuple_GET_SIZE(decoded) != 2) {
        PyErr_SetString(PyExc_TypeError, "not a record and what it was decoded to");
        return -1;
    }
    if (record_coordinates(PyTuple_GET_ITEM(decoded, 0), &where)) return -1;
    Place *place = partitions_find(partitions, &where);
    Py_DECREF(where.topic);
    if (!place) return -1;
    PyObject *event = PyTuple_GET_ITEM(decoded, 1);
    int64_t at = place->newest;
    if (PyObject_TypeCheck(event, OrderType) &&
        time_in_microseconds(ORDER(event, EVENT_TIME), &at))
        return -1;
    if (at > place->newest) place->newest = at;
    *found = (Standing){place->newest, where.offset, decoded, place};
    return 0;
}

/* in_event_time(decoded): a list of pairs in another order. */
PyObject *in_event_time(PyObject *Py_UNUSED(module), PyObject *decoded) {
    if (!PyList_Check(decoded))
        return PyErr_Format(PyExc_TypeError, "decoded records come in a list");
    Py_ssize_t count = PyList_GET_SIZE(decoded), known = 0;
    Standing *all = PyMem_Malloc((size_t)(count ? count : 1) * sizeof(Standing));
    if (!all) return PyErr_NoMemory();
    Partitions partitions = {0};
    while (known < count &&
           !standing_of(PyList_GET_ITEM(decoded, known), &partitions, &all[known]))
        known++;
    PyObject *sorted = known == count ? PyList_New(count) : NULL;
    if (sorted) {
        qsort(all, (size_t)count, sizeof(Standing), standing_compare);
        for (Py_ssize_t i = 0; i < count; i++)
            PyList_SET_ITEM(sorted, i, Py_NewRef(all[i].what));
    }
    partitions_clear(&partitions);
    PyMem_Free(all);
    return sorted;
}
