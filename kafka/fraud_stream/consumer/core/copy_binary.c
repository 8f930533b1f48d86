#include "copy_binary.h"

enum { FIRST_ROOM = 1 << 14 };

static const char HEADER[] = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0"; /* with the zero that ends it */
static const char TRAILER[] = {-1, -1};
static const int64_t YEAR_2000 = 946684800000000;

/* Room for `more` bytes behind the rows, which count as filled; NULL with an exception set. */
static char *room(Rows *rows, size_t more) {
    size_t size = rows->bytes ? (size_t)PyBytes_GET_SIZE(rows->bytes) : 0;
    if (size - rows->length < more || !rows->bytes) {
        size_t wanted = rows->length + more;
        wanted = wanted < FIRST_ROOM ? FIRST_ROOM : 2 * wanted;
        if (!rows->bytes && wanted < rows->usual) wanted = rows->usual;
        if (!rows->bytes) rows->bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)wanted);
        else _PyBytes_Resize(&rows->bytes, (Py_ssize_t)wanted);
        if (!rows->bytes) return NULL;
    }
    char *at = PyBytes_AS_STRING(rows->bytes) + rows->length;
    rows->length += more;
    return at;
}

static int put(Rows *rows, const char *bytes, size_t length) {
    char *at = room(rows, length);
    if (at) memcpy(at, bytes, length);
    return at ? 0 : -1;
}

/* A number of `size` bytes, the most significant one first. */
static char *number_at(char *at, uint64_t number, int size) {
    for (int i = size; i--; number >>= 8) at[i] = (char)number;
    return at + size;
}

static char *length_at(char *at, size_t length) { return number_at(at, length, 4); }

int begin_row(Rows *rows, int16_t fields) {
    if (!rows->length && put(rows, HEADER, sizeof HEADER)) return -1;
    char *at = room(rows, sizeof fields);
    if (at) number_at(at, (uint16_t)fields, sizeof fields);
    return at ? 0 : -1;
}

int put_fields(Rows *rows, PyObject *bytes) {
    return put(rows, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

int put_field(Rows *rows, const char *bytes, size_t length) {
    char *at = room(rows, 4 + length);
    if (at) memcpy(length_at(at, length), bytes, length);
    return at ? 0 : -1;
}

int put_jsonb(Rows *rows, const char *bytes, size_t length) {
    char *at = room(rows, 4 + 1 + length);
    if (!at) return -1;
    at = length_at(at, 1 + length);
    *at++ = 1; /* the version of the form */
    memcpy(at, bytes, length);
    return 0;
}

int put_text(Rows *rows, PyObject *value) {
    Py_ssize_t length;
    const char *bytes = value ? PyUnicode_AsUTF8AndSize(value, &length) : NULL;
    return bytes ? put_field(rows, bytes, (size_t)length) : -1;
}

int put_integer(Rows *rows, int32_t number) {
    char *at = room(rows, 4 + sizeof number);
    if (at) number_at(length_at(at, sizeof number), (uint32_t)number, sizeof number);
    return at ? 0 : -1;
}

int put_bigint(Rows *rows, int64_t number) {
    char *at = room(rows, 4 + sizeof number);
    if (at) number_at(length_at(at, sizeof number), (uint64_t)number, sizeof number);
    return at ? 0 : -1;
}

int put_time(Rows *rows, int64_t microseconds) {
    return put_bigint(rows, microseconds - YEAR_2000);
}

PyObject *framed(Rows *rows) {
    PyObject *whole = NULL;
    if (!rows->length) {
        whole = PyBytes_FromStringAndSize(NULL, 0);
    } else if (!put(rows, TRAILER, sizeof TRAILER)) {
        _PyBytes_Resize(&rows->bytes, (Py_ssize_t)rows->length);
        whole = rows->bytes;
        rows->bytes = NULL;
    }
    Py_CLEAR(rows->bytes);
    rows->length = 0;
    return whole;
}
