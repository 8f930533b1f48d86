/* Which rules fire on an order, and which cannot be evaluated: what the program that
 * rules/compile.py generates for the other form does line by line.
 *
 * A condition is a tree of Nodes over the very objects that Python would see. Only a number against
 * a constant is compared here; all else is left to Python's own comparisons and functions, so that
 * both agree.
 */
#include "rules.h"

#include <string.h>

static inline PyObject *at(Banks banks, Register where) { return banks[where.bank][where.place]; }

static int compare(PyObject *left, PyObject *right, int comparison) {
    PyObject *found = PyObject_RichCompare(left, right, comparison);
    int is = found ? PyObject_IsTrue(found) : -1;
    Py_XDECREF(found);
    return is;
}

static int truth(const Node *node, Banks banks);
static PyObject *call(const Node *node, Banks banks);

/* A new reference, or NULL with an exception set. */
static PyObject *value(const Node *node, Banks banks) {
    switch (node->operation) {
    case VALUE:
        return Py_NewRef(at(banks, node->source));
    case DEFAULT: {
        PyObject *found = at(banks, node->source);
        return Py_NewRef(found == Py_None ? at(banks, node->instead) : found);
    }
    case CALL:
        return call(node, banks);
    default: {
        int is = truth(node, banks);
        return is < 0 ? NULL : PyBool_FromLong(is);
    }
    }
}

static PyObject *call(const Node *node, Banks banks) {
    PyObject *arguments[MAX_ARGUMENTS], *found = NULL;
    Py_ssize_t count = 0;
    while (count < node->count && (arguments[count] = value(&node->parts[count], banks))) count++;
    if (count == node->count)
        found = PyObject_Vectorcall(node->function, arguments, (size_t)count, NULL);
    while (count) Py_DECREF(arguments[--count]);
    return found;
}

static int compared(const Node *node, Banks banks) {
    const Node *parts = node->parts;
    if (parts[0].operation == VALUE && parts[1].operation == VALUE)
        return compare(at(banks, parts[0].source), at(banks, parts[1].source), node->comparison);
    PyObject *left = value(&parts[0], banks), *right = left ? value(&parts[1], banks) : NULL;
    int is = right ? compare(left, right, node->comparison) : -1;
    Py_XDECREF(left);
    Py_XDECREF(right);
    return is;
}

static int is_true(PyObject *found) {
    return found == Py_True ? 1 : found == Py_False ? 0 : PyObject_IsTrue(found);
}

/* 1, 0, or -1 with an exception set. */
static int truth(const Node *node, Banks banks) {
    double number;
    switch (node->operation) {
    case RANGE:
        if (as_double(at(banks, node->source), &number))
            return number >= node->low && number <= node->high;
        return compare(at(banks, node->source), at(banks, node->instead), node->comparison);
    case COMPARE:
        return compared(node, banks);
    case VALUE:
        return is_true(at(banks, node->source));
    case ALL:
    case ANY:
        for (int i = 0; i < node->count; i++) {
            int is = truth(&node->parts[i], banks);
            if (is != (node->operation == ALL)) return is;
        }
        return node->operation == ALL;
    case NOT: {
        int is = truth(node->parts, banks);
        return is < 0 ? is : !is;
    }
    case IS_KNOWN:
        return at(banks, node->source) != Py_None;
    default: {
        PyObject *found = value(node, banks);
        int is = found ? PyObject_IsTrue(found) : -1;
        Py_XDECREF(found);
        return is;
    }
    }
}

static void miss(Rules *rules, int32_t number) {
    rules->missing[number / 8] |= (unsigned char)(1 << number % 8);
}

static int tell(PyObject *hits, const Rule *rule, Banks banks) {
    PyObject *values = PyTuple_New(rule->value_count);
    if (!values) return -1;
    for (int i = 0; i < rule->value_count; i++)
        PyTuple_SET_ITEM(values, i, Py_NewRef(at(banks, rule->values[i])));
    PyObject *hit = Py_BuildValue("iN", rule->number, values);
    int failed = hit ? PyList_Append(hits, hit) : -1;
    Py_XDECREF(hit);
    return failed;
}

static int judge(Rules *rules, const Rule *rule, Banks banks, PyObject *hits) {
    for (int i = 0; i < rule->divisor_count; i++) {
        int is = truth(&rule->divisors[i], banks);
        if (!is) miss(rules, rule->number);
        if (is <= 0) return is;
    }
    int fires = truth(&rule->condition, banks);
    return fires > 0 ? tell(hits, rule, banks) : fires;
}

static int judge_group(Rules *rules, const Group *group, Banks banks, PyObject *hits) {
    bool there = true;
    for (int i = 0; i < group->need_count; i++)
        there &= at(banks, group->needs[i]) != Py_None;
    for (int i = 0; i < group->rule_count; i++)
        if (!there)
            miss(rules, group->rules[i].number);
        else if (judge(rules, &group->rules[i], banks, hits))
            return -1;
    return 0;
}

static bool is_of_size(PyObject *values, Py_ssize_t size) {
    return PyTuple_Check(values) && PyTuple_GET_SIZE(values) == size;
}

/* judge(features, facts): the hits, and the mask of rules that cannot be evaluated. */
PyObject *rules_judge(Rules *rules, PyObject *const *given, Py_ssize_t count) {
    if (count != 2 || !is_of_size(given[0], rules->sizes[FEATURES]) ||
        !is_of_size(given[1], rules->sizes[FACTS]))
        return PyErr_Format(PyExc_TypeError, "rules are judged by %zd features and %zd facts",
                            rules->sizes[FEATURES], rules->sizes[FACTS]);
    PyObject *const *const banks[BANKS] = {
        ((PyTupleObject *)given[0])->ob_item,
        ((PyTupleObject *)given[1])->ob_item,
        ((PyTupleObject *)rules->constants)->ob_item,
    };
    PyObject *hits = PyList_New(0);
    if (!hits) return NULL;
    memset(rules->missing, 0, (size_t)rules->bytes);
    for (int i = 0; i < rules->group_count; i++)
        if (judge_group(rules, &rules->groups[i], banks, hits)) {
            Py_DECREF(hits);
            return NULL;
        }
    PyObject *missing = _PyLong_FromByteArray(rules->missing, (size_t)rules->bytes, true, false);
    return Py_BuildValue("NN", hits, missing);
}
