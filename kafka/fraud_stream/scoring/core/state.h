/* The whole state: pools, records and kinds, and the Python types around it. */
#ifndef STATE_H
#define STATE_H
#include "core.h"

typedef struct {
    PyObject_HEAD Arena arena;
    Pool pools[TEXTS];
    Records orders, labels;
    Kind kinds[MAX_KINDS];
    int kind_count;
    int64_t newest, longest_retention, lateness;
    Py_ssize_t asked, entities;
    int frozen;        /* views that are being written; nothing is dropped meanwhile */
    bool loading;      /* a snapshot is being read; nothing is dropped meanwhile, least of all a text */
    Id *loaded[TEXTS]; /* then: its numbers of texts as our ids */
    size_t loaded_count[TEXTS];
} Core;

extern PyTypeObject FrozenType;

int layout_read(Core *core, PyObject *kinds); /* layout.c */
int layout_ask(Core *core, PyObject *features);
PyObject *core_taken(Core *core, PyObject *unused); /* portions.c */
PyObject *core_freeze(Core *core, PyObject *arguments);
PyObject *core_load(Core *core, PyObject *arguments); /* loading.c */
PyObject *core_loaded(Core *core, PyObject *unused);
void core_forget_loaded(Core *core); /* its numbers of texts */

/* state.c: a record into the state; `values`, a tuple to be filled, asks for its features first. */
int core_take(Core *core, const Record *record, bool of_labels, PyObject *values);

int core_tidy(Core *core);    /* state.c: let go of all that no window can reach any more */
void core_forget(Core *core); /* state.c: all entities */

/* state.c: ask for the memory of records that will be taken or let go next; NULL for none. */
void core_look_ahead(Core *core, const Record *next, const Record *second);

#endif
