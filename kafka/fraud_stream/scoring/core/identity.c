/* What order/identity.py does, for texts that are ASCII and not very long; Python does the rest. */
#include "facts.h"

#include <math.h>

static PyObject *likeness_of_any, *latin_names;
static PyObject *mailbox_of_any;

int identity_open(void) {
    PyObject *identity = PyImport_ImportModule("fraud_stream.scoring.order.identity");
    if (!identity) return -1;
    likeness_of_any = PyObject_GetAttrString(identity, "likeness");
    latin_names = PyObject_GetAttrString(identity, "latin_names");
    mailbox_of_any = PyObject_GetAttrString(identity, "mailbox");
    Py_DECREF(identity);
    return likeness_of_any && latin_names && mailbox_of_any ? 0 : -1;
}

/* ASCII white space as str.split knows it. */
static bool is_space(unsigned char c) {
    return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
}
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

/* `degrees` as Python's "z.4f" writes it, zero without a sign; false without memory. */
static bool fixed(double degrees, char *text) {
    double scaled = rint(degrees * 10000.0);
    if (fabs(degrees) < 1e6 && fabs(fma(degrees, 10000.0, -scaled)) < 0.49) {
        long long whole = llabs((long long)scaled);
        char digits[24], *end = digits + sizeof digits, *at = end;
        for (int i = 0; i < 5 || whole; i++, whole /= 10) {
            if (i == 4) *--at = '.';
            *--at = (char)('0' + whole % 10);
        }
        if (signbit(degrees) && scaled) *--at = '-';
        memcpy(text, at, (size_t)(end - at));
        text[end - at] = 0;
        return true;
    }
    /* Near the middle of two: exactly. */
    char *found = PyOS_double_to_string(degrees, 'f', 4, Py_DTSF_NO_NEG_0, NULL);
    if (found && strlen(found) < FIXED) strcpy(text, found);
    else if (found) PyErr_SetString(PyExc_ValueError, "not a coordinate");
    bool good = found && strlen(found) < FIXED;
    PyMem_Free(found);
    return good;
}

/* address_key(country, postal code, latitude, longitude) */
PyObject *identity_address_key(PyObject *Py_UNUSED(module), PyObject *const *given,
                               Py_ssize_t count) {
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
        if (folded && given[0] == Py_None)
            key = PyUnicode_FromFormat("|%U|%s|%s", folded, north, east);
        else if (folded) key = PyUnicode_FromFormat("%U|%U|%s|%s", given[0], folded, north, east);
        Py_XDECREF(folded);
    }
    return key;
}

/* mailbox(address): (canonical, domain) */
PyObject *identity_mailbox(PyObject *Py_UNUSED(module), PyObject *address) {
    if (address == Py_None) return PyTuple_Pack(2, Py_None, Py_None);
    Py_ssize_t length;
    const char *text = ascii(address, &length);
    if (!text || length >= LONGEST) return PyObject_CallOneArg(mailbox_of_any, address);
    while (length && is_space((unsigned char)text[0])) text++, length--;
    while (length && (text[length - 1] == '.' || is_space((unsigned char)text[length - 1])))
        length--;
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
    for (Py_ssize_t i = before; i < length; i++)
        out[folded + i - before] = lower((unsigned char)text[i]);
    Py_ssize_t end = folded + length - before;
    PyObject *canonical = PyUnicode_FromStringAndSize(out, end);
    PyObject *domain =
        canonical ? PyUnicode_FromStringAndSize(out + folded + 1, end - folded - 1) : NULL;
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

/* Of a name that is ASCII. */
static PyObject *likeness(PyObject *const *given, PyObject *plain) {
    Py_ssize_t name_length, length;
    const char *name = ascii(plain, &name_length), *mailbox = ascii(given[1], &length);
    if (!name || !mailbox || name_length >= LONGEST || length >= LONGEST)
        return PyObject_Vectorcall(likeness_of_any, given, 2, NULL);
    char local[LONGEST], joined[LONGEST];
    const char *at = memchr(mailbox, '@', (size_t)length);
    Py_ssize_t ours = 0, theirs = latin(mailbox, at ? at - mailbox : length, local);
    for (Py_ssize_t i = 0; i < name_length;) {
        Py_ssize_t start = i;
        while (i < name_length && !is_space((unsigned char)name[i])) i++;
        Py_ssize_t size = latin(name + start, i - start, joined + ours);
        if (size >= 3 && stands_in(joined + ours, size, local, theirs))
            return PyFloat_FromDouble(1.0);
        ours += size;
        i++;
    }
    if (!ours || !theirs) Py_RETURN_NONE;
    uint64_t a[WORDS] = {0}, b[WORDS] = {0};
    int sizes = pairs(joined, ours, a) + pairs(local, theirs, b), both = 0;
    for (int i = 0; i < WORDS; i++)
        if (a[i] & b[i]) both += __builtin_popcountll(a[i] & b[i]); /* mostly not: it is a call */
    return PyFloat_FromDouble(2.0 * both / (sizes > 1 ? sizes : 1));
}

/* likeness(name, canonical) */
PyObject *identity_likeness(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    if (!takes("likeness", 2, count)) return NULL;
    if (given[0] == Py_None || given[1] == Py_None) Py_RETURN_NONE;
    if (!PyUnicode_Check(given[0]) || PyUnicode_IS_ASCII(given[0]))
        return likeness(given, given[0]);
    PyObject *latin = PyObject_GetItem(latin_names, given[0]);
    PyObject *found = latin ? likeness(given, latin) : NULL;
    Py_XDECREF(latin);
    return found;
}
