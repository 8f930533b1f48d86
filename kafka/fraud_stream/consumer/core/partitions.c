#include "partitions.h"

static int has_room(Partitions *partitions) {
    if (partitions->count & (partitions->count - 1)) return 1; /* full at each power of two */
    size_t wanted = partitions->count ? 2 * (size_t)partitions->count : 1;
    Place **grown = PyMem_Realloc(partitions->known, wanted * sizeof(Place *));
    if (grown) partitions->known = grown;
    return grown != NULL;
}

Place *partitions_find(Partitions *partitions, const Coordinates *where) {
    for (int i = 0; i < partitions->count; i++) {
        int at = (partitions->last + i) % partitions->count;
        Place *known = partitions->known[at];
        if (known->partition != where->partition) continue;
        if (known->topic != where->topic && PyUnicode_Compare(known->topic, where->topic)) continue;
        partitions->last = at;
        return known;
    }
    Place *found = has_room(partitions) ? PyMem_Malloc(sizeof(Place)) : NULL;
    if (!found) return PyErr_NoMemory(), NULL;
    *found = (Place){Py_NewRef(where->topic), where->partition, INT64_MIN, NOWHERE};
    partitions->last = partitions->count++;
    return partitions->known[partitions->last] = found;
}

static int by_number(const Place *one, const Place *other) {
    int order = PyUnicode_Compare(one->topic, other->topic);
    if (order) return order;
    return (one->partition > other->partition) - (one->partition < other->partition);
}

int standing_compare(const void *one, const void *other) {
    const Standing *a = one, *b = other;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    if (a->place != b->place) return by_number(a->place, b->place);
    return (a->offset > b->offset) - (a->offset < b->offset);
}

void partitions_clear(Partitions *partitions) {
    for (int i = 0; i < partitions->count; i++) {
        Py_DECREF(partitions->known[i]->topic);
        PyMem_Free(partitions->known[i]);
    }
    PyMem_Free(partitions->known);
    *partitions = (Partitions){0};
}
