/* The dearer facts of an order: what order/clock.py and geography.py do, in C. */
#include "facts.h"
#include "moments.h"
#include "numbers.h"

#include <math.h>

int facts_open(void) { return moments_open() || identity_open() || order_open() ? -1 : 0; }

/* ---- clock.py ---- */

static PyObject *fact_microseconds(PyObject *Py_UNUSED(module), PyObject *moment) {
    int64_t at;
    return microseconds(moment, &at) ? NULL : PyLong_FromLongLong(at);
}

/* local_hour(moment, longitude) */
static PyObject *fact_local_hour(PyObject *Py_UNUSED(module), PyObject *const *given,
                                 Py_ssize_t count) {
    if (!takes("local_hour", 2, count)) return NULL;
    if (!PyDateTime_Check(given[0]))
        return PyErr_Format(PyExc_TypeError, "not a time: %R", given[0]);
    int hour = PyDateTime_DATE_GET_HOUR(given[0]), minute = PyDateTime_DATE_GET_MINUTE(given[0]);
    if (!in_utc(given[0])) {
        PyObject *offset = offset_of(given[0]);
        int zoned = offset ? PyObject_IsTrue(offset) : -1;
        Py_XDECREF(offset);
        if (zoned) return zoned < 0 ? NULL : PyLong_FromLong(hour);
    }
    if (given[1] == Py_None) Py_RETURN_NONE;
    double longitude = PyFloat_AsDouble(given[1]);
    if (longitude == -1.0 && PyErr_Occurred()) return NULL;
    double there = fmod(hour + minute / 60.0 + longitude / 15, 24);
    if (there < 0) there += 24;
    return PyLong_FromLong((long)there % 24);
}

/* ---- geography.py ---- */

static PyObject *axis(double value) { return PyLong_FromLongLong((long long)rint(value)); }

/* place(latitude, longitude) */
PyObject *fact_place(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    static const double RADIANS = 3.141592653589793 / 180.0, UNIT = 10000000.0;
    if (!takes("place", 2, count)) return NULL;
    if (given[0] == Py_None || given[1] == Py_None) Py_RETURN_NONE;
    double phi = PyFloat_AsDouble(given[0]) * RADIANS,
           lambda = PyFloat_AsDouble(given[1]) * RADIANS;
    if (PyErr_Occurred()) return NULL;
    double across = UNIT * cos(phi);
    PyObject *x = axis(across * cos(lambda)), *y = axis(across * sin(lambda)),
             *z = axis(UNIT * sin(phi));
    PyObject *place = x && y && z ? PyTuple_Pack(3, x, y, z) : NULL;
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(z);
    return place;
}

static PyObject *fact_kilometres(PyObject *Py_UNUSED(module), PyObject *const *given,
                                 Py_ssize_t count) {
    int32_t places[2][3];
    if (!takes("kilometres", 2, count)) return NULL;
    for (int i = 0; i < 2; i++)
        if (!PyArg_ParseTuple(given[i], "iii", &places[i][0], &places[i][1], &places[i][2]))
            return NULL;
    return PyFloat_FromDouble(kilometres(places[0], places[1]));
}

PyMethodDef FACT_FUNCTIONS[] = {
    {"take_apart", (PyCFunction)(void (*)(void))order_take_apart, METH_FASTCALL, NULL},
    {"microseconds", fact_microseconds, METH_O, NULL},
    {"local_hour", (PyCFunction)(void (*)(void))fact_local_hour, METH_FASTCALL, NULL},
    {"place", (PyCFunction)(void (*)(void))fact_place, METH_FASTCALL, NULL},
    {"kilometres", (PyCFunction)(void (*)(void))fact_kilometres, METH_FASTCALL, NULL},
    {"address_key", (PyCFunction)(void (*)(void))identity_address_key, METH_FASTCALL, NULL},
    {"mailbox", identity_mailbox, METH_O, NULL},
    {"likeness", (PyCFunction)(void (*)(void))identity_likeness, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
