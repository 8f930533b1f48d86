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

static char *digits(char *at, int64_t value, int count) {
    for (int i = count; i--; value /= 10) at[i] = (char)('0' + value % 10);
    return at + count;
}

static char *two(char *at, int64_t value, char after) {
    at = digits(at, value, 2);
    *at = after;
    return at + (after != 0);
}

static char *time_of_day(char *at, int64_t seconds) {
    at = two(at, seconds / 3600, ':');
    at = two(at, seconds / 60 % 60, ':');
    return two(at, seconds % 60, 0);
}

static char *date(char *at, int64_t year, int64_t month, int64_t day) {
    at = digits(at, year, 4);
    *at++ = '-';
    at = two(at, month, '-');
    return two(at, day, 'T');
}

/* The offset as isoformat() ends with it. */
static char *zone(char *at, int64_t offset) {
    *at++ = offset < 0 ? '-' : '+';
    offset = offset < 0 ? -offset : offset;
    int64_t seconds = offset / 1000000;
    at = two(at, seconds / 3600, ':');
    at = two(at, seconds / 60 % 60, 0);
    if (offset % 60000000) {
        *at++ = ':';
        at = two(at, seconds % 60, 0);
    }
    if (offset % 1000000) {
        *at++ = '.';
        at = digits(at, offset % 1000000, 6);
    }
    return at;
}

int time_as_text(PyObject *moment, char *text, size_t *length) {
    int64_t offset;
    if (!PyDateTime_Check(moment)) {
        PyErr_Format(PyExc_TypeError, "not a time: %R", moment);
        return -1;
    }
    if (offset_in_microseconds(moment, &offset)) return -1;
    char *at = date(text, PyDateTime_GET_YEAR(moment), PyDateTime_GET_MONTH(moment),
                    PyDateTime_GET_DAY(moment));
    at = time_of_day(at, PyDateTime_DATE_GET_HOUR(moment) * 3600 +
                             PyDateTime_DATE_GET_MINUTE(moment) * 60 +
                             PyDateTime_DATE_GET_SECOND(moment));
    int microsecond = PyDateTime_DATE_GET_MICROSECOND(moment);
    if (microsecond) {
        *at++ = '.';
        at = digits(at, microsecond, 6);
    }
    *length = (size_t)(zone(at, offset) - text);
    return 0;
}

/* civil_from_days, the way back from days_since_1970 (Howard Hinnant). */
static char *date_of(char *at, int64_t days) {
    days += 719468;
    int64_t era = days / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    return date(at, year + era * 400 + (month <= 2), month, day);
}

size_t instant_as_text(int64_t milliseconds, char text[LONGEST_TIME]) {
    int64_t seconds = milliseconds / 1000;
    char *at = time_of_day(date_of(text, seconds / 86400), seconds % 86400);
    *at++ = '.';
    at = digits(at, milliseconds % 1000, 3);
    memcpy(at, "+00", 3);
    return (size_t)(at + 3 - text);
}
