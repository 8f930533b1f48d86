/* consumer/sorting.py in C. */
#include "core.h"

#include <stdlib.h>

typedef struct {
    int64_t at;
    Coordinates where;
    PyObject *decoded; /* borrowed */
} Place;

/* The newest time so far of one of the partitions, which are few. */
typedef struct {
    PyObject *topic; /* borrowed */
    int64_t partition, newest;
} Newest;

static int by_time(const void *one, const void *other) {
    const Place *a = one, *b = other;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    if (a->where.topic != b->where.topic) {
        int order = PyUnicode_Compare(a->where.topic, b->where.topic);
        if (order) return order;
    }
    if (a->where.partition != b->where.partition)
        return a->where.partition < b->where.partition ? -1 : 1;
    return (a->where.offset > b->where.offset) - (a->where.offset < b->where.offset);
}

typedef struct {
    Newest *known;
    int count, last;
} Partitions;

/* The newest time of a record's partition; NULL without memory. */
static int64_t *newest_of(Partitions *partitions, const Coordinates *where) {
    for (int i = 0; i < partitions->count; i++) {
        Newest *known = &partitions->known[(partitions->last + i) % partitions->count];
        if (known->partition != where->partition) continue;
        if (known->topic != where->topic && PyUnicode_Compare(known->topic, where->topic)) continue;
        partitions->last = (int)(known - partitions->known);
        return &known->newest;
    }
    if (!(partitions->count & (partitions->count - 1))) { /* it is full at each power of two */
        size_t wanted = partitions->count ? 2 * (size_t)partitions->count : 1;
        Newest *grown = PyMem_Realloc(partitions->known, wanted * sizeof(Newest));
        if (!grown) return PyErr_NoMemory(), NULL;
        partitions->known = grown;
    }
    partitions->last = partitions->count++;
    Newest *known = &partitions->known[partitions->last];
    *known = (Newest){where->topic, where->partition, INT64_MIN};
    return &known->newest;
}

/* Where a decoded record stands; an order's own time, or that of its neighbour. */
static int place_of(PyObject *decoded, Partitions *partitions, Place *place) {
    if (!PyTuple_Check(decoded) || PyTuple_GET_SIZE(decoded) != 2) {
        PyErr_SetString(PyExc_TypeError, "not a record and what it was decoded to");
        return -1;
    }
    if (record_coordinates(PyTuple_GET_ITEM(decoded, 0), &place->where)) return -1;
    place->decoded = decoded;
    PyObject *event = PyTuple_GET_ITEM(decoded, 1);
    int64_t *newest = newest_of(partitions, &place->where);
    bool is_order = newest && PyObject_TypeCheck(event, OrderType);
    if (!newest || (is_order && time_in_microseconds(ORDER(event, EVENT_TIME), &place->at))) {
        Py_CLEAR(place->where.topic);
        return -1;
    }
    if (!is_order || place->at < *newest) place->at = *newest;
    *newest = place->at;
    return 0;
}

/* in_event_time(decoded): a list of pairs in another order. */
PyObject *in_event_time(PyObject *Py_UNUSED(module), PyObject *decoded) {
    if (!PyList_Check(decoded))
        return PyErr_Format(PyExc_TypeError, "decoded records come in a list");
    Py_ssize_t count = PyList_GET_SIZE(decoded), known = 0;
    Place *places = PyMem_Malloc((size_t)(count ? count : 1) * sizeof(Place));
    if (!places) return PyErr_NoMemory();
    Partitions partitions = {0};
    while (known < count && !place_of(PyList_GET_ITEM(decoded, known), &partitions, &places[known]))
        known++;
    PyObject *sorted = known == count ? PyList_New(count) : NULL;
    if (sorted) {
        qsort(places, (size_t)count, sizeof(Place), by_time);
        for (Py_ssize_t i = 0; i < count; i++)
            PyList_SET_ITEM(sorted, i, Py_NewRef(places[i].decoded));
    }
    for (Py_ssize_t i = 0; i < known; i++) Py_DECREF(places[i].where.topic);
    PyMem_Free(partitions.known);
    PyMem_Free(places);
    return sorted;
}
