#include "core.h"

#include "../../scoring/core/moments.h"

int times_open(void) { return moments_open(); }

int time_in_microseconds(PyObject *moment, int64_t *found) { return microseconds(moment, found); }

PyObject *time_microseconds(PyObject *Py_UNUSED(module), PyObject *moment) {
    int64_t at;
    return microseconds(moment, &at) ? NULL : PyLong_FromLongLong(at);
}

int time_is_storable(PyObject *moment) {
    int64_t offset, most = 16LL * 3600 * 1000000;
    if (!PyDateTime_Check(moment)) return 0;
    int year = PyDateTime_GET_YEAR(moment);
    if (year <= 1 || year >= 9999) return 0;
    if (offset_in_microseconds(moment, &offset)) return -1;
    return offset > -most && offset < most;
}
