/* Functions of the module that facts are computed with. */
#ifndef FACTS_H
#define FACTS_H
#include "core.h"

extern PyMethodDef FACT_FUNCTIONS[];
int facts_open(void);
PyObject *fact_place(PyObject *module, PyObject *const *given, Py_ssize_t count);

static inline bool takes(const char *name, Py_ssize_t wanted, Py_ssize_t given) {
    if (wanted == given) return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments", name, wanted);
    return false;
}

/* order.c */
int order_open(void);
PyObject *order_take_apart(PyObject *module, PyObject *const *given, Py_ssize_t count);

/* identity.c */
int identity_open(void);
PyObject *identity_address_key(PyObject *module, PyObject *const *given, Py_ssize_t count);
PyObject *identity_mailbox(PyObject *module, PyObject *address);
PyObject *identity_likeness(PyObject *module, PyObject *const *given, Py_ssize_t count);

#endif
