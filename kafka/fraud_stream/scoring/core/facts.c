/* The dearer facts of an order: what order/clock.py and geography.py do, in C. */
#include "facts.h"
#include "numbers.h"

#include <datetime.h>
#include <math.h>

static PyObject *utcoffset; /* the name */

int facts_open(void) {
    PyDateTime_IMPORT;
    utcoffset = PyUnicode_InternFromString("utcoffset");
    return utcoffset && PyDateTimeAPI ? identity_open() : -1;
}

/* ---- clock.py ---- */

/* Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
static int64_t days_since_1970(int year, int month, int day) {
    int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The offset from UTC, a new timedelta or None; NULL with an exception set. */
static PyObject *offset_of(PyObject *moment) {
    PyObject *zone = PyDateTime_DATE_GET_TZINFO(moment);
    if (Py_TYPE(zone) == Py_TYPE(PyDateTime_TimeZone_UTC))
        return PyObject_CallMethodOneArg(zone, utcoffset, moment); /* what the next line comes to */
    return PyObject_CallMethodNoArgs(moment, utcoffset);
}

static bool in_utc(PyObject *moment) {
    return PyDateTime_CheckExact(moment) &&
           PyDateTime_DATE_GET_TZINFO(moment) == PyDateTime_TimeZone_UTC;
}

/* -1 with an exception set when `moment` is not a time with an offset. */
static int microseconds(PyObject *moment, int64_t *found) {
    if (!PyDateTime_Check(moment)) {
        PyErr_Format(PyExc_TypeError, "not a time: %R", moment);
        return -1;
    }
    int64_t days = days_since_1970(PyDateTime_GET_YEAR(moment), PyDateTime_GET_MONTH(moment),
                                   PyDateTime_GET_DAY(moment));
    int64_t seconds = PyDateTime_DATE_GET_HOUR(moment) * 3600 +
                      PyDateTime_DATE_GET_MINUTE(moment) * 60 + PyDateTime_DATE_GET_SECOND(moment);
    *found = (days * 86400 + seconds) * 1000000 + PyDateTime_DATE_GET_MICROSECOND(moment);
    if (in_utc(moment)) return 0;
    PyObject *offset = offset_of(moment);
    if (!offset) return -1;
    if (!PyDelta_Check(offset)) {
        Py_DECREF(offset);
        PyErr_SetString(PyExc_TypeError, "a time without an offset");
        return -1;
    }
    seconds = PyDateTime_DELTA_GET_DAYS(offset) * 86400LL + PyDateTime_DELTA_GET_SECONDS(offset);
    *found -= seconds * 1000000 + PyDateTime_DELTA_GET_MICROSECONDS(offset);
    Py_DECREF(offset);
    return 0;
}

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
    return PyLong_FromLong((long)there);
}

/* ---- geography.py ---- */

static PyObject *axis(double value) { return PyLong_FromLongLong((long long)rint(value)); }

/* place(latitude, longitude) */
static PyObject *fact_place(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
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

/* fetch(event): ask for the memory of all that its fields point to, at once rather than field by
 * field; a struct of msgspec is nothing but its fields. Nothing else happens, whatever is given. */
static PyObject *fact_fetch(PyObject *Py_UNUSED(module), PyObject *event) {
    char *const *field = (char *const *)(event + 1);
    char *const *end = (char *const *)((char *)event + Py_TYPE(event)->tp_basicsize);
    for (; field < end; field++) __builtin_prefetch(*field);
    Py_RETURN_NONE;
}

PyMethodDef FACT_FUNCTIONS[] = {
    {"fetch", fact_fetch, METH_O, NULL},
    {"microseconds", fact_microseconds, METH_O, NULL},
    {"local_hour", (PyCFunction)(void (*)(void))fact_local_hour, METH_FASTCALL, NULL},
    {"place", (PyCFunction)(void (*)(void))fact_place, METH_FASTCALL, NULL},
    {"kilometres", (PyCFunction)(void (*)(void))fact_kilometres, METH_FASTCALL, NULL},
    {"address_key", (PyCFunction)(void (*)(void))identity_address_key, METH_FASTCALL, NULL},
    {"mailbox", identity_mailbox, METH_O, NULL},
    {"likeness", (PyCFunction)(void (*)(void))identity_likeness, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
