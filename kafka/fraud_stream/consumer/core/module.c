/* The Python module `_core` of the consumer. */
#include "core.h"

static PyMethodDef METHODS[] = {
    {"glance", glance, METH_O,
     "What the bytes of a message tell at once: SPECIAL, LONG_RUN, CLEAR."},
    {"quick_orders", quick_orders, METH_VARARGS, NULL},
    {"microseconds", time_microseconds, METH_O, NULL},
    {"in_event_time", in_event_time, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT,
    .m_name = "fraud_stream.consumer._core",
    .m_size = -1,
    .m_methods = METHODS,
};

PyMODINIT_FUNC PyInit__core(void) {
    if (fields_open() || times_open() || records_open() || quick_open() ||
        PyType_Ready(&BinaryRowsType) || PyType_Ready(&AlignmentType))
        return NULL;
    PyObject *module = PyModule_Create(&MODULE);
    if (module && (PyModule_AddObjectRef(module, "BinaryRows", (PyObject *)&BinaryRowsType) ||
                   PyModule_AddObjectRef(module, "Alignment", (PyObject *)&AlignmentType)))
        Py_CLEAR(module);
    return module;
}
