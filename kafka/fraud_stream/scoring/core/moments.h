/* Times as Python has them, in whole microseconds since 1970. For one file of a module: what it
 * includes keeps its own way to Python's datetime, which moments_open() finds.
 */
#ifndef MOMENTS_H
#define MOMENTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <datetime.h>
#include <stdbool.h>
#include <stdint.h>

static PyObject *utcoffset; /* the name */

static int moments_open(void) {
    PyDateTime_IMPORT;
    utcoffset = PyUnicode_InternFromString("utcoffset");
    return utcoffset && PyDateTimeAPI ? 0 : -1;
}

/* Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's days_from_civil). */
static inline int64_t days_since_1970(int year, int month, int day) {
    int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The offset from UTC, a new timedelta or None; NULL with an exception set. */
static inline PyObject *offset_of(PyObject *moment) {
    PyObject *zone = PyDateTime_DATE_GET_TZINFO(moment);
    if (Py_TYPE(zone) == Py_TYPE(PyDateTime_TimeZone_UTC))
        return PyObject_CallMethodOneArg(zone, utcoffset, moment); /* what the next line comes to */
    return PyObject_CallMethodNoArgs(moment, utcoffset);
}

static inline bool in_utc(PyObject *moment) {
    return PyDateTime_CheckExact(moment) &&
           PyDateTime_DATE_GET_TZINFO(moment) == PyDateTime_TimeZone_UTC;
}

/* The same in microseconds; -1 with an exception set when `moment` has none. */
static inline int offset_in_microseconds(PyObject *moment, int64_t *found) {
    *found = 0;
    if (in_utc(moment)) return 0;
    PyObject *offset = offset_of(moment);
    if (!offset) return -1;
    if (!PyDelta_Check(offset)) {
        Py_DECREF(offset);
        PyErr_SetString(PyExc_TypeError, "a time without an offset");
        return -1;
    }
    int64_t seconds =
        PyDateTime_DELTA_GET_DAYS(offset) * 86400LL + PyDateTime_DELTA_GET_SECONDS(offset);
    *found = seconds * 1000000 + PyDateTime_DELTA_GET_MICROSECONDS(offset);
    Py_DECREF(offset);
    return 0;
}

/* -1 with an exception set when `moment` is not a time with an offset. */
static inline int microseconds(PyObject *moment, int64_t *found) {
    int64_t offset;
    if (!PyDateTime_Check(moment)) {
        PyErr_Format(PyExc_TypeError, "not a time: %R", moment);
        return -1;
    }
    if (offset_in_microseconds(moment, &offset)) return -1;
    int64_t days = days_since_1970(PyDateTime_GET_YEAR(moment), PyDateTime_GET_MONTH(moment),
                                   PyDateTime_GET_DAY(moment));
    int64_t seconds = PyDateTime_DATE_GET_HOUR(moment) * 3600 +
                      PyDateTime_DATE_GET_MINUTE(moment) * 60 + PyDateTime_DATE_GET_SECOND(moment);
    *found = (days * 86400 + seconds) * 1000000 + PyDateTime_DATE_GET_MICROSECOND(moment) - offset;
    return 0;
}

#endif
