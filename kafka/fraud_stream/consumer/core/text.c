#include "text.h"

enum { FIRST_ROOM = 1 << 14, NUMBER = 24 };

/* Room for `more` bytes behind the text; NULL with an exception set without memory. */
static char *room(Text *text, size_t more) {
    size_t size = text->bytes ? (size_t)PyBytes_GET_SIZE(text->bytes) : 0;
    if (size - text->length < more || !text->bytes) {
        size_t wanted = text->length + more;
        wanted = wanted < FIRST_ROOM ? FIRST_ROOM : 2 * wanted;
        if (!text->bytes) text->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)wanted);
        else _PyBytes_Resize(&text->bytes, (Py_ssize_t)wanted);
        if (!text->bytes) return NULL;
    }
    return PyBytes_AS_STRING(text->bytes) + text->length;
}

int put(Text *text, const char *bytes, size_t length) {
    char *at = room(text, length);
    if (!at) return -1;
    memcpy(at, bytes, length);
    text->length += length;
    return 0;
}

int put_bytes(Text *text, PyObject *bytes) {
    return put(text, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

int put_number(Text *text, int64_t number, char after) {
    char digits[NUMBER], *end = digits + NUMBER, *at = end;
    *--at = after;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0) *--at = '-';
    return put(text, at, (size_t)(end - at));
}

enum { STRETCH = 64 };

static bool is_special(unsigned char c) {
    return c == '\\' || c == '\n' || c == '\r' || c == '\t';
}

/* How many bytes from `at` on can be copied as they are: whole stretches first. */
static size_t plain(const char *at, size_t length) {
    size_t found = 0;
    for (; length - found >= STRETCH; found += STRETCH) {
        unsigned char any = 0;
        for (int i = 0; i < STRETCH; i++) {
            unsigned char c = (unsigned char)at[found + i];
            any |= (c == '\\') | (c < 14);
        }
        if (any) break;
    }
    while (found < length && !is_special((unsigned char)at[found])) found++;
    return found;
}

/* Escaped as COPY reads it. */
int put_escaped(Text *text, const char *bytes, size_t length, char after) {
    char *at = room(text, 2 * length + 1), *start = at;
    if (!at) return -1;
    while (length) {
        size_t same = plain(bytes, length);
        memcpy(at, bytes, same);
        at += same, bytes += same, length -= same;
        if (!length) break;
        *at++ = '\\';
        *at++ = *bytes == '\n' ? 'n' : *bytes == '\r' ? 'r' : *bytes == '\t' ? 't' : '\\';
        bytes++, length--;
    }
    *at++ = after;
    text->length += (size_t)(at - start);
    return 0;
}

int put_text(Text *text, PyObject *value, char after) {
    Py_ssize_t length;
    const char *bytes = value ? PyUnicode_AsUTF8AndSize(value, &length) : NULL;
    if (!bytes) return -1;
    return put_escaped(text, bytes, (size_t)length, after);
}
