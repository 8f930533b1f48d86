/* The dearer facts of an order: what order/clock.py, geography.py and identity.py do, in C. */
#include "facts.h"
#include "numbers.h"

#include <datetime.h>
#include <math.h>

static PyObject *latin_likeness; /* identity.likeness, for names that are not ASCII */
static PyObject *mailbox_of_any; /* identity.mailbox, likewise */
static PyObject *utcoffset;      /* the name */

int facts_open(void) {
    PyDateTime_IMPORT;
    PyObject *identity = PyImport_ImportModule("fraud_stream.scoring.order.identity");
    if (!identity) return -1;
    latin_likeness = PyObject_GetAttrString(identity, "likeness");
    mailbox_of_any = PyObject_GetAttrString(identity, "mailbox");
    Py_DECREF(identity);
    utcoffset = PyUnicode_InternFromString("utcoffset");
    return utcoffset && PyDateTimeAPI && latin_likeness && mailbox_of_any ? 0 : -1;
}

static bool takes(const char *name, Py_ssize_t wanted, Py_ssize_t given) {
    if (wanted == given) return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments", name, wanted);
    return false;
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
    return PyDateTime_CheckExact(moment) && PyDateTime_DATE_GET_TZINFO(moment) == PyDateTime_TimeZone_UTC;
}

/* -1 with an exception set when `moment` is not a time with an offset. */
static int microseconds(PyObject *moment, int64_t *found) {
    if (!PyDateTime_Check(moment)) {
        PyErr_Format(PyExc_TypeError, "not a time: %R", moment);
        return -1;
    }
    int64_t days = days_since_1970(PyDateTime_GET_YEAR(moment), PyDateTime_GET_MONTH(moment), PyDateTime_GET_DAY(moment));
    int64_t seconds = PyDateTime_DATE_GET_HOUR(moment) * 3600 + PyDateTime_DATE_GET_MINUTE(moment) * 60 +
                      PyDateTime_DATE_GET_SECOND(moment);
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
static PyObject *fact_local_hour(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    if (!takes("local_hour", 2, count)) return NULL;
    if (!PyDateTime_Check(given[0])) return PyErr_Format(PyExc_TypeError, "not a time: %R", given[0]);
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
    double phi = PyFloat_AsDouble(given[0]) * RADIANS, lambda = PyFloat_AsDouble(given[1]) * RADIANS;
    if (PyErr_Occurred()) return NULL;
    double across = UNIT * cos(phi);
    PyObject *x = axis(across * cos(lambda)), *y = axis(across * sin(lambda)), *z = axis(UNIT * sin(phi));
    PyObject *place = x && y && z ? PyTuple_Pack(3, x, y, z) : NULL;
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(z);
    return place;
}

static PyObject *fact_kilometres(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    int32_t places[2][3];
    if (!takes("kilometres", 2, count)) return NULL;
    for (int i = 0; i < 2; i++)
        if (!PyArg_ParseTuple(given[i], "iii", &places[i][0], &places[i][1], &places[i][2])) return NULL;
    return PyFloat_FromDouble(kilometres(places[0], places[1]));
}

/* ---- identity.py ---- */

/* ASCII white space as str.split knows it. */
static bool is_space(unsigned char c) { return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31); }
static char lower(unsigned char c) { return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c); }

static const char *ascii(PyObject *text, Py_ssize_t *length) {
    if (!PyUnicode_Check(text) || !PyUnicode_IS_ASCII(text)) return NULL;
    *length = PyUnicode_GET_LENGTH(text);
    return PyUnicode_DATA(text);
}

enum { LONGEST = 512 }; /* of a text that is looked at here; longer ones go to Python */

/* `text` without white space and in capitals, as "".join(text.split()).upper(). */
static PyObject *capitals(PyObject *text) {
    PyObject *parts = PyUnicode_Split(text, NULL, -1), *empty = PyUnicode_New(0, 0);
    PyObject *joined = parts && empty ? PyUnicode_Join(empty, parts) : NULL;
    PyObject *found = joined ? PyObject_CallMethod(joined, "upper", NULL) : NULL;
    Py_XDECREF(parts);
    Py_XDECREF(empty);
    Py_XDECREF(joined);
    return found;
}

static char *put(char *end, const char *text, size_t length) {
    memcpy(end, text, length);
    return end + length;
}

enum { FIXED = 64 };

/* `degrees` as "%.4f", as Python writes it; false without memory. */
static bool fixed(double degrees, char *text) {
    double scaled = rint(degrees * 10000.0);
    if (fabs(degrees) < 1e6 && fabs(fma(degrees, 10000.0, -scaled)) < 0.49) {
        long long whole = llabs((long long)scaled);
        char digits[24], *end = digits + sizeof digits, *at = end;
        for (int i = 0; i < 5 || whole; i++, whole /= 10) {
            if (i == 4) *--at = '.';
            *--at = (char)('0' + whole % 10);
        }
        if (signbit(degrees)) *--at = '-';
        memcpy(text, at, (size_t)(end - at));
        text[end - at] = 0;
        return true;
    }
    char *found = PyOS_double_to_string(degrees, 'f', 4, 0, NULL); /* near the middle of two: exactly */
    if (found && strlen(found) < FIXED) strcpy(text, found);
    else if (found) PyErr_SetString(PyExc_ValueError, "not a coordinate");
    bool good = found && strlen(found) < FIXED;
    PyMem_Free(found);
    return good;
}

/* address_key(country, postal code, latitude, longitude) */
static PyObject *fact_address_key(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    if (!takes("address_key", 4, count)) return NULL;
    if (given[2] == Py_None || given[3] == Py_None) Py_RETURN_NONE;
    double degrees[] = {PyFloat_AsDouble(given[2]), PyFloat_AsDouble(given[3])};
    if (PyErr_Occurred()) return NULL;
    char north[FIXED], east[FIXED];
    if (!fixed(degrees[0], north) || !fixed(degrees[1], east)) return NULL;
    Py_ssize_t length = 0, country_length = 0;
    const char *postal = given[1] == Py_None ? "" : ascii(given[1], &length);
    const char *country = given[0] == Py_None ? "" : ascii(given[0], &country_length);
    PyObject *key = NULL;
    if (postal && country && length + country_length < LONGEST) {
        char text[LONGEST + 2 * FIXED], *end = put(text, country, (size_t)country_length);
        *end++ = '|';
        for (Py_ssize_t i = 0; i < length; i++)
            if (!is_space((unsigned char)postal[i]))
                *end++ = (char)(postal[i] >= 'a' && postal[i] <= 'z' ? postal[i] - 32 : postal[i]);
        *end++ = '|';
        end = put(end, north, strlen(north));
        *end++ = '|';
        end = put(end, east, strlen(east));
        key = PyUnicode_FromStringAndSize(text, end - text);
    } else {
        PyObject *folded = given[1] == Py_None ? PyUnicode_New(0, 0) : capitals(given[1]);
        if (folded && given[0] == Py_None) key = PyUnicode_FromFormat("|%U|%s|%s", folded, north, east);
        else if (folded) key = PyUnicode_FromFormat("%U|%U|%s|%s", given[0], folded, north, east);
        Py_XDECREF(folded);
    }
    return key;
}

/* mailbox(address): (canonical, domain) */
static PyObject *fact_mailbox(PyObject *Py_UNUSED(module), PyObject *address) {
    if (address == Py_None) return PyTuple_Pack(2, Py_None, Py_None);
    Py_ssize_t length;
    const char *text = ascii(address, &length);
    if (!text || length >= LONGEST) return PyObject_CallOneArg(mailbox_of_any, address);
    while (length && is_space((unsigned char)text[0])) text++, length--;
    while (length && is_space((unsigned char)text[length - 1])) length--;
    char local[LONGEST], out[LONGEST + 1];
    Py_ssize_t before = 0, ats = 0;
    for (Py_ssize_t i = 0; i < length; i++) {
        if (text[i] == '@') ats++;
        else if (!ats) before++;
    }
    if (ats != 1 || !before || before + 1 == length) return PyTuple_Pack(2, Py_None, Py_None);
    Py_ssize_t folded = 0;
    for (Py_ssize_t i = 0; i < before && text[i] != '+'; i++)
        if (text[i] != '.') local[folded++] = lower((unsigned char)text[i]);
    if (!folded)
        for (; folded < before; folded++) local[folded] = lower((unsigned char)text[folded]);
    memcpy(out, local, (size_t)folded);
    for (Py_ssize_t i = before; i < length; i++) out[folded + i - before] = lower((unsigned char)text[i]);
    Py_ssize_t end = folded + length - before;
    PyObject *canonical = PyUnicode_FromStringAndSize(out, end);
    PyObject *domain = canonical ? PyUnicode_FromStringAndSize(out + folded + 1, end - folded - 1) : NULL;
    PyObject *both = domain ? PyTuple_Pack(2, canonical, domain) : NULL;
    Py_XDECREF(canonical);
    Py_XDECREF(domain);
    return both;
}

enum { LETTERS = 26, PAIRS = LETTERS * LETTERS, WORDS = (PAIRS + 63) / 64 };

static int pairs(const char *letters, Py_ssize_t length, uint64_t *set) {
    int found = 0;
    for (Py_ssize_t i = 0; i + 1 < length; i++) {
        int pair = (letters[i] - 'a') * LETTERS + letters[i + 1] - 'a';
        found += !(set[pair / 64] >> (pair % 64) & 1);
        set[pair / 64] |= (uint64_t)1 << (pair % 64);
    }
    return found;
}

/* The letters a to z of a text, in lower case. */
static Py_ssize_t latin(const char *text, Py_ssize_t length, char *letters) {
    Py_ssize_t found = 0;
    for (Py_ssize_t i = 0; i < length; i++) {
        char c = lower((unsigned char)text[i]);
        if (c >= 'a' && c <= 'z') letters[found++] = c;
    }
    return found;
}

static bool stands_in(const char *part, Py_ssize_t size, const char *whole, Py_ssize_t length) {
    for (Py_ssize_t i = 0; i + size <= length; i++)
        if (part[0] == whole[i] && !memcmp(part, whole + i, (size_t)size)) return true;
    return false;
}

/* likeness(name, canonical) */
static PyObject *fact_likeness(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    if (!takes("likeness", 2, count)) return NULL;
    if (given[0] == Py_None || given[1] == Py_None) Py_RETURN_NONE;
    Py_ssize_t name_length, length;
    const char *name = ascii(given[0], &name_length), *mailbox = ascii(given[1], &length);
    if (!name || !mailbox || name_length >= LONGEST || length >= LONGEST)
        return PyObject_Vectorcall(latin_likeness, given, 2, NULL);
    char local[LONGEST], joined[LONGEST];
    const char *at = memchr(mailbox, '@', (size_t)length);
    Py_ssize_t ours = 0, theirs = latin(mailbox, at ? at - mailbox : length, local);
    for (Py_ssize_t i = 0; i < name_length;) {
        Py_ssize_t start = i;
        while (i < name_length && !is_space((unsigned char)name[i])) i++;
        Py_ssize_t size = latin(name + start, i - start, joined + ours);
        if (size >= 3 && stands_in(joined + ours, size, local, theirs)) return PyFloat_FromDouble(1.0);
        ours += size;
        i++;
    }
    if (!ours || !theirs) Py_RETURN_NONE;
    uint64_t a[WORDS] = {0}, b[WORDS] = {0};
    int sizes = pairs(joined, ours, a) + pairs(local, theirs, b), both = 0;
    for (int i = 0; i < WORDS; i++) both += __builtin_popcountll(a[i] & b[i]);
    return PyFloat_FromDouble(2.0 * both / (sizes > 1 ? sizes : 1));
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
    {"address_key", (PyCFunction)(void (*)(void))fact_address_key, METH_FASTCALL, NULL},
    {"mailbox", fact_mailbox, METH_O, NULL},
    {"likeness", (PyCFunction)(void (*)(void))fact_likeness, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
