/* Rules made from their description, which rules/packed.py gives as nested tuples:
 *
 * a group     ((register, ...), (rule, ...)): what its rules need, and they
 * a rule      (number, (divisor, ...), condition, (register, ...)): divisors are nodes
 * a node      ("value", register), ("default", register, register), ("known", register),
 *             ("call", function, (node, ...)), ("compare", comparison, (node, node)),
 *             ("all", (node, ...)), ("any", (node, ...)), ("not", (node,))
 * a register  (bank, place)
 */
#include "rules.h"

#include <math.h>
#include <string.h>

static const char *const OPERATION_NAMES[OPERATIONS] = {
    "value", "default", "call", "compare", "all", "any", "not", "known",
};

enum { ROOM = 1 << 14 };
struct Room {
    Room *next;
    size_t used, size;
    max_align_t room[];
};

/* Cleared memory beside what was asked for before, which lives as long as the rules; NULL with an
 * exception set. */
static void *room_for(Rules *rules, Py_ssize_t count, size_t size) {
    size_t wanted = ((size_t)count * size + 7) / 8 * 8;
    Room *room = rules->rooms;
    if (!room || room->size - room->used < wanted) {
        size_t most = wanted > ROOM ? wanted : ROOM;
        if (!(room = PyMem_Calloc(1, sizeof(Room) + most))) return PyErr_NoMemory();
        room->next = rules->rooms;
        room->size = most;
        rules->rooms = room;
    }
    void *found = (char *)room->room + room->used;
    room->used += wanted;
    return found;
}

/* The size of a tuple that a count of 16 bits can hold. */
static int count_of(PyObject *told, uint16_t *count) {
    Py_ssize_t size = PyTuple_GET_SIZE(told);
    if (size > UINT16_MAX) return PyErr_SetString(PyExc_ValueError, "too many parts"), -1;
    return *count = (uint16_t)size, 0;
}

static int read_register(Rules *rules, PyObject *told, Register *found) {
    int bank, place;
    if (!PyArg_ParseTuple(told, "ii", &bank, &place)) return -1;
    if (bank >= 0 && bank < BANKS && place >= 0 && place < rules->sizes[bank] &&
        place <= UINT16_MAX) {
        *found = (Register){(uint16_t)bank, (uint16_t)place};
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "there is no register %R", told);
    return -1;
}

static Register *read_registers(Rules *rules, PyObject *told, uint16_t *count) {
    if (count_of(told, count)) return NULL;
    Register *found = room_for(rules, *count, sizeof(Register));
    for (int i = 0; found && i < *count; i++)
        if (read_register(rules, PyTuple_GET_ITEM(told, i), &found[i])) return NULL;
    return found;
}

static int read_node(Rules *rules, PyObject *told, Node *node);

static Node *read_nodes(Rules *rules, PyObject *told, uint16_t *count) {
    if (count_of(told, count)) return NULL;
    Node *found = room_for(rules, *count, sizeof(Node));
    for (int i = 0; found && i < *count; i++)
        if (read_node(rules, PyTuple_GET_ITEM(told, i), &found[i])) return NULL;
    return found;
}

static int operation_of(PyObject *told, uint8_t *found) {
    const char *name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(told, 0));
    if (!name) return -1;
    for (int i = 0; i < OPERATIONS; i++)
        if (!strcmp(name, OPERATION_NAMES[i])) return *found = (uint8_t)i, 0;
    PyErr_Format(PyExc_ValueError, "unknown: %s", name);
    return -1;
}

/* A comparison of what an order says with a number becomes the range in which it is true. */
static bool is_range(const Rules *rules, const Node parts[2], Node *node) {
    double limit;
    if (parts[0].operation != VALUE || parts[1].operation != VALUE ||
        parts[1].source.bank != CONSTANTS || node->comparison == Py_NE ||
        !as_double(PyTuple_GET_ITEM(rules->constants, parts[1].source.place), &limit))
        return false;
    node->operation = RANGE;
    node->source = parts[0].source;
    node->instead = parts[1].source;
    node->low = node->comparison == Py_GT ? nextafter(limit, INFINITY) : limit;
    node->high = node->comparison == Py_LT ? nextafter(limit, -INFINITY) : limit;
    if (node->comparison == Py_GT || node->comparison == Py_GE) node->high = INFINITY;
    if (node->comparison == Py_LT || node->comparison == Py_LE) node->low = -INFINITY;
    return true;
}

static int read_comparison(Rules *rules, PyObject *told, Node *node) {
    PyObject *name, *left, *right;
    Node parts[2] = {0};
    if (!PyArg_ParseTuple(told, "Ob(O!O!)", &name, &node->comparison, &PyTuple_Type, &left,
                          &PyTuple_Type, &right))
        return -1;
    if (node->comparison > Py_GE) return PyErr_SetString(PyExc_ValueError, "no comparison"), -1;
    if (read_node(rules, left, &parts[0]) || read_node(rules, right, &parts[1])) return -1;
    if (is_range(rules, parts, node)) return 0;
    node->count = 2;
    if (!(node->parts = room_for(rules, 2, sizeof(Node)))) return -1;
    memcpy(node->parts, parts, sizeof parts);
    return 0;
}

static int read_node(Rules *rules, PyObject *told, Node *node) {
    PyObject *name, *source, *instead, *parts;
    if (operation_of(told, &node->operation)) return -1;
    switch (node->operation) {
    case VALUE:
    case IS_KNOWN:
        if (!PyArg_ParseTuple(told, "OO!", &name, &PyTuple_Type, &source)) return -1;
        return read_register(rules, source, &node->source);
    case DEFAULT:
        if (!PyArg_ParseTuple(told, "OO!O!", &name, &PyTuple_Type, &source, &PyTuple_Type,
                              &instead))
            return -1;
        return read_register(rules, source, &node->source) ||
                       read_register(rules, instead, &node->instead)
                   ? -1
                   : 0;
    case COMPARE:
        return read_comparison(rules, told, node);
    case CALL:
        if (!PyArg_ParseTuple(told, "OOO!", &name, &node->function, &PyTuple_Type, &parts))
            return -1;
        break;
    default:
        if (!PyArg_ParseTuple(told, "OO!", &name, &PyTuple_Type, &parts)) return -1;
    }
    if (!(node->parts = read_nodes(rules, parts, &node->count))) return -1;
    if ((node->operation == NOT && node->count != 1) ||
        (node->operation == CALL && node->count > MAX_ARGUMENTS)) {
        PyErr_Format(PyExc_ValueError, "not a condition: %R", told);
        return -1;
    }
    return 0;
}

static int read_rule(Rules *rules, PyObject *told, Rule *rule) {
    PyObject *divisors, *condition, *values;
    if (!PyArg_ParseTuple(told, "iO!O!O!", &rule->number, &PyTuple_Type, &divisors, &PyTuple_Type,
                          &condition, &PyTuple_Type, &values))
        return -1;
    if (rule->number < 0) {
        PyErr_SetString(PyExc_ValueError, "rules are counted from 0");
        return -1;
    }
    if (rules->bytes <= rule->number / 8) rules->bytes = rule->number / 8 + 1;
    rule->divisors = read_nodes(rules, divisors, &rule->divisor_count);
    rule->values = read_registers(rules, values, &rule->value_count);
    return rule->divisors && rule->values ? read_node(rules, condition, &rule->condition) : -1;
}

static int read_group(Rules *rules, PyObject *told, Group *group) {
    PyObject *needs, *own;
    if (!PyArg_ParseTuple(told, "O!O!", &PyTuple_Type, &needs, &PyTuple_Type, &own)) return -1;
    group->needs = read_registers(rules, needs, &group->need_count);
    if (!group->needs || count_of(own, &group->rule_count)) return -1;
    if (!(group->rules = room_for(rules, group->rule_count, sizeof(Rule)))) return -1;
    for (int i = 0; i < group->rule_count; i++)
        if (read_rule(rules, PyTuple_GET_ITEM(own, i), &group->rules[i])) return -1;
    return 0;
}

static int read_groups(Rules *rules) {
    if (count_of(rules->description, &rules->group_count)) return -1;
    rules->groups = room_for(rules, rules->group_count, sizeof(Group));
    if (!rules->groups) return -1;
    for (int i = 0; i < rules->group_count; i++)
        if (read_group(rules, PyTuple_GET_ITEM(rules->description, i), &rules->groups[i]))
            return -1;
    rules->missing = room_for(rules, rules->bytes, 1);
    return rules->missing ? 0 : -1;
}

/* Rules(groups, features, facts, constants): how many of the first two an order comes with, and the
 * objects that conditions hold themselves. */
static PyObject *rules_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(names)) {
    PyObject *description, *constants;
    Py_ssize_t features, facts;
    if (!PyArg_ParseTuple(arguments, "O!nnO!", &PyTuple_Type, &description, &features, &facts,
                          &PyTuple_Type, &constants))
        return NULL;
    Rules *rules = (Rules *)type->tp_alloc(type, 0);
    if (!rules) return NULL;
    rules->description = Py_NewRef(description);
    rules->constants = Py_NewRef(constants);
    rules->sizes[FEATURES] = features;
    rules->sizes[FACTS] = facts;
    rules->sizes[CONSTANTS] = PyTuple_GET_SIZE(constants);
    if (read_groups(rules)) Py_CLEAR(rules);
    return (PyObject *)rules;
}

static void rules_dealloc(Rules *rules) {
    while (rules->rooms) {
        Room *room = rules->rooms;
        rules->rooms = room->next;
        PyMem_Free(room);
    }
    Py_XDECREF(rules->description);
    Py_XDECREF(rules->constants);
    Py_TYPE(rules)->tp_free((PyObject *)rules);
}

static PyMethodDef RULES_METHODS[] = {
    {"judge", (PyCFunction)(void (*)(void))rules_judge, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

PyTypeObject RulesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.scoring._core.Rules",
    .tp_basicsize = sizeof(Rules),
    .tp_new = rules_new,
    .tp_dealloc = (destructor)rules_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = RULES_METHODS,
};
