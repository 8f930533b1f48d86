/* Text that grows, as COPY reads it. */
#ifndef TEXT_H
#define TEXT_H
#include "core.h"

typedef struct {
    PyObject *bytes; /* with room to grow; its first `length` bytes count */
    size_t length;
} Text;

/* Each -1 with an exception set without memory. */
int put(Text *text, const char *bytes, size_t length);
int put_bytes(Text *text, PyObject *bytes);
int put_number(Text *text, int64_t number, char after);
int put_escaped(Text *text, const char *bytes, size_t length, char after);
int put_text(Text *text, PyObject *value, char after); /* a Python text, escaped */

#endif
