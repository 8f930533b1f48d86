/* The conditions of a rule set, as rules/packed.py describes them. */
#ifndef RULES_H
#define RULES_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a value stands: among an order's features, among its facts, or with what never changes. */
enum { FEATURES, FACTS, CONSTANTS, BANKS };
typedef struct {
    uint16_t bank, place;
} Register;
typedef PyObject *const *const *Banks;

typedef enum {
    VALUE,
    DEFAULT,
    CALL,
    COMPARE,
    ALL,
    ANY,
    NOT,
    IS_KNOWN,
    OPERATIONS,
    RANGE /* a comparison of a value with a constant number, while the value is a number too */
} Operation;
enum { MAX_ARGUMENTS = 200 }; /* as many as a condition has parts (rules/parse.py) */

/* Small, and those of a rule set side by side in the order in which they are looked at: an order's
 * histories push them out of the nearest cache each time. */
typedef struct Node {
    uint8_t operation, comparison; /* Py_LT and its like */
    uint16_t count;
    Register source, instead; /* of DEFAULT: for a missing value; of RANGE: the number */
    union {
        struct {
            double low, high; /* of RANGE: where the value makes it true, both included */
        };
        struct {
            struct Node *parts;
            PyObject *function; /* borrowed from the description */
        };
    };
} Node;

typedef struct {
    Node condition;
    Node *divisors;   /* where one is zero, the rule cannot be evaluated */
    Register *values; /* what is told of an order on which it fires */
    int32_t number;
    uint16_t divisor_count, value_count;
} Rule;

/* Rules that need the same inputs. */
typedef struct {
    Register *needs;
    Rule *rules;
    uint16_t need_count, rule_count;
} Group;

typedef struct Room Room;
typedef struct {
    PyObject_HEAD
    PyObject *description, *constants; /* what nodes point to */
    Room *rooms;                       /* the memory of all of the below */
    Group *groups;
    Py_ssize_t sizes[BANKS];
    uint16_t group_count;
    unsigned char *missing; /* the mask of rules that cannot be evaluated on the order at hand */
    Py_ssize_t bytes;       /* of it, 8 rules each */
} Rules;

/* Whether it is an int or a float that is a double without being rounded, and which. */
static inline bool as_double(PyObject *number, double *found) {
    if (PyFloat_CheckExact(number)) return *found = PyFloat_AS_DOUBLE(number), true;
    if (!PyLong_CheckExact(number)) return false;
#if PY_VERSION_HEX >= 0x030C0000
    const PyLongObject *whole = (const PyLongObject *)number;
    if (!PyUnstable_Long_IsCompact(whole)) return false;
    *found = (double)PyUnstable_Long_CompactValue(whole);
#else
    if (Py_ABS(Py_SIZE(number)) > 1) return false;
    *found = (double)Py_SIZE(number) * (double)((PyLongObject *)number)->ob_digit[0];
#endif
    return true;
}

extern PyTypeObject RulesType; /* rules_told.c */
PyObject *rules_judge(Rules *rules, PyObject *const *given, Py_ssize_t count);

#endif
