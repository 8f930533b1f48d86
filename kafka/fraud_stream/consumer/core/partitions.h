/* Partitions that records came from, which are few, by small numbers. */
#ifndef CONSUMER_PARTITIONS_H
#define CONSUMER_PARTITIONS_H

#include "core.h"

#define NOWHERE INT64_MIN

typedef struct {
    PyObject *topic; /* owned */
    int64_t partition;
    int64_t newest; /* time of its records so far, INT64_MIN when there was none */
    int64_t next;   /* whatever offset is asked for, or NOWHERE */
} Place;

typedef struct {
    Place **known; /* each stays where it is */
    int count, last;
} Partitions;

/* A record, or what it was decoded to, on its way into one order of time. */
typedef struct {
    int64_t at, offset;
    PyObject *what;
    Place *place;
} Standing;

int standing_compare(const void *one, const void *other); /* for qsort: by time, place, offset */

Place *partitions_find(Partitions *partitions, const Coordinates *where); /* NULL: no memory */
void partitions_clear(Partitions *partitions);

#endif
