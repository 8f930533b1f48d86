/* Where msgspec keeps a struct's fields. */
#ifndef FIELDS_H
#define FIELDS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h> /* PyMemberDef, until Python 3.11 */
#include <string.h>

/* A type's fields are members at fixed places, or it is not the msgspec that we know: then the
 * module does not open, and Python does its work. NULL with an exception set. */
static inline PyTypeObject *open_type(const char *module, const char *name,
                                      const char *const *names, Py_ssize_t *offsets, int count) {
    PyObject *found = PyImport_ImportModule(module);
    PyObject *type = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    for (int i = 0; type && i < count; i++) {
        PyObject *field = PyObject_GetAttrString(type, names[i]);
        if (field && Py_IS_TYPE(field, &PyMemberDescr_Type)) {
            offsets[i] = ((PyMemberDescrObject *)field)->d_member->offset;
        } else {
            if (field) PyErr_Format(PyExc_ImportError, "%s.%s is no member", name, names[i]);
            Py_CLEAR(type);
        }
        Py_XDECREF(field);
    }
    return (PyTypeObject *)type;
}

/* Borrowed; the object is of that type or one derived from it. */
static inline PyObject *at_offset(PyObject *object, Py_ssize_t offset) {
    PyObject *found;
    memcpy(&found, (char *)object + offset, sizeof found);
    return found;
}

#endif
