/* consumer/copy_binary.py in C: rows in the binary form of COPY, in bytes that grow. */
#ifndef COPY_BINARY_H
#define COPY_BINARY_H
#include "core.h"

typedef struct {
    PyObject *bytes; /* with room to grow; its first `length` bytes count */
    size_t length;
    size_t usual; /* room to begin with, as a guess: rows that outgrow theirs are copied */
} Rows;

/* Each -1 with an exception set when it did not succeed, as for want of memory. */
int begin_row(Rows *rows, int16_t fields);
int put_fields(Rows *rows, PyObject *bytes); /* some that are ready, as bytes */
int put_field(Rows *rows, const char *bytes, size_t length);
int put_jsonb(Rows *rows, const char *bytes, size_t length);
int put_text(Rows *rows, PyObject *value); /* of Python */
int put_integer(Rows *rows, int32_t number);
int put_bigint(Rows *rows, int64_t number);
int put_time(Rows *rows, int64_t microseconds); /* since 1970, UTC */

/* All that COPY is to read, a new reference, and no rows any more; NULL with an exception set. */
PyObject *framed(Rows *rows);

#endif
