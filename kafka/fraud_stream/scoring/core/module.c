/* The Python module `_core`; what is called from where is in features/packed.py. */
#include "facts.h"
#include "state.h"

enum { ORDER_FIELDS = 16, LABEL_FIELDS = 5, PLACE_FIELD = 13 };

static int64_t whole(PyObject *value) { return PyLong_AsLongLong(value); }

/* Texts to Ids: `columns` says whose, None is 0. */
static int intern(Core *core, Record *record, PyObject *const *texts, const int *columns,
                  int count) {
    Search searches[TEXTS];
    for (int i = 0; i < count; i++) {
        searches[i] = (Search){0};
        if (texts[i] != Py_None && pool_begin(&core->pools[columns[i]], texts[i], &searches[i]))
            return -1;
    }
    for (int i = 0; i < count; i++)
        if (searches[i].text) pool_guess(&core->pools[columns[i]], &searches[i]);
    for (int i = 0; i < count; i++) {
        if (!searches[i].likely) continue;
        const Pool *pool = &core->pools[columns[i]];
        const Name *name = name_at(pool, searches[i].likely);
        __builtin_prefetch(name->text);
        for (int j = 0; j < pool->sharing; j++) fetch_held(name->held[j]);
    }
    for (int i = 0; i < count; i++)
        if (searches[i].text &&
            !(record->key[columns[i]] = pool_intern(&core->pools[columns[i]], &searches[i])))
            return -1;
    return 0;
}

/* An OrderRecord as a Record. Nothing has changed when it fails. */
static int read_order(Core *core, PyObject *fields, Record *record) {
    if (!PyTuple_Check(fields) || PyTuple_GET_SIZE(fields) != ORDER_FIELDS) {
        PyErr_SetString(PyExc_TypeError, "not the record of an order");
        return -1;
    }
    PyObject **values = ((PyTupleObject *)fields)->ob_item, *place = values[PLACE_FIELD];
    *record = (Record){.at = whole(values[0]), .amount = whole(values[1]), .place = {NO_PLACE}};
    if (place != Py_None) {
        if (!PyTuple_Check(place) || PyTuple_GET_SIZE(place) != 3) {
            PyErr_SetString(PyExc_TypeError, "a place has three coordinates");
            return -1;
        }
        for (int axis = 0; axis < 3; axis++)
            record->place[axis] = (int32_t)whole(PyTuple_GET_ITEM(place, axis));
    }
    record->marks =
        (PyObject_IsTrue(values[14]) ? DECLINED : 0) | (PyObject_IsTrue(values[15]) ? REFUND : 0);
    if (PyErr_Occurred()) return -1;
    static const int ALL[] = {CURRENCY, CUSTOMER, DEVICE, IP,    CARD,    EMAIL,
                              ADDRESS,  VOUCHER,  SHOP,   OWNER, CATEGORY};
    if (intern(core, record, values + 2, ALL, TEXTS)) return -1;
    if (record->key[VOUCHER]) record->marks |= WITH_VOUCHER;
    return 0;
}

/* ask(order): its features, in the order of ask_for; then it is part of the state. */
static PyObject *core_ask(Core *core, PyObject *fields) {
    Record record;
    if (read_order(core, fields, &record)) return NULL;
    PyObject *values = PyTuple_New(core->asked);
    if (values && core_take(core, &record, false, values)) Py_CLEAR(values);
    return values;
}

static PyObject *core_absorb(Core *core, PyObject *fields) {
    Record record;
    if (read_order(core, fields, &record) || core_take(core, &record, false, NULL)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *core_absorb_label(Core *core, PyObject *fields) {
    if (!PyTuple_Check(fields) || PyTuple_GET_SIZE(fields) != LABEL_FIELDS) {
        PyErr_SetString(PyExc_TypeError, "not the record of a label");
        return NULL;
    }
    PyObject **values = ((PyTupleObject *)fields)->ob_item;
    Record record = {.at = whole(values[0]), .place = {NO_PLACE}};
    if (whole(values[1])) record.marks = FRAUD;
    if (PyErr_Occurred()) return NULL;
    static const int KEYS[] = {SHOP, DEVICE, CARD};
    if (intern(core, &record, values + 2, KEYS, 3) || core_take(core, &record, true, NULL))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *core_ask_for(Core *core, PyObject *features) {
    if (!PyTuple_Check(features)) {
        PyErr_SetString(PyExc_TypeError, "features come as a tuple");
        return NULL;
    }
    if (layout_ask(core, features)) return NULL;
    Py_RETURN_NONE;
}

static PyObject *core_longest_history(Core *core, PyObject *Py_UNUSED(unused)) {
    uint32_t longest = 0;
    for (int i = 0; i < core->kind_count; i++) {
        const Kind *kind = &core->kinds[i];
        const Pool *pool = &core->pools[kind->column];
        for (Id id = 1; id < pool->end; id++) {
            Held held = name_at(pool, id)->text ? name_at(pool, id)->held[kind->sharing] : 0;
            for (uint32_t j = 0; j < held_count(held); j++)
                if (held_at(held, j)->length > longest) longest = held_at(held, j)->length;
        }
    }
    return PyLong_FromUnsignedLong(longest);
}

static PyObject *core_entities_held(Core *core, PyObject *Py_UNUSED(unused)) {
    return PyLong_FromSsize_t(core->entities);
}

/* Core(kinds, lateness, newest): empty histories as layout_read says. */
static PyObject *core_new(PyTypeObject *type, PyObject *arguments, PyObject *Py_UNUSED(names)) {
    PyObject *kinds;
    long long lateness, newest;
    if (!PyArg_ParseTuple(arguments, "O!LL", &PyTuple_Type, &kinds, &lateness, &newest))
        return NULL;
    Core *core = (Core *)type->tp_alloc(type, 0);
    if (!core) return NULL;
    core->orders.arena = core->labels.arena = &core->arena;
    core->lateness = lateness;
    core->newest = newest < -EVER ? -EVER : newest;
    if (layout_read(core, kinds)) Py_CLEAR(core);
    return (PyObject *)core;
}

static void core_dealloc(Core *core) {
    core_forget(core);
    core_forget_loaded(core);
    for (int i = 0; i < core->kind_count; i++) PyMem_RawFree(core->kinds[i].readings);
    for (int column = 0; column < TEXTS; column++) pool_close(&core->pools[column]);
    records_close(&core->orders);
    records_close(&core->labels);
    arena_close(&core->arena);
    Py_TYPE(core)->tp_free((PyObject *)core);
}

static PyMethodDef CORE_METHODS[] = {
    {"ask_for", (PyCFunction)core_ask_for, METH_O, NULL},
    {"ask", (PyCFunction)core_ask, METH_O, NULL},
    {"absorb", (PyCFunction)core_absorb, METH_O, NULL},
    {"absorb_label", (PyCFunction)core_absorb_label, METH_O, NULL},
    {"taken", (PyCFunction)core_taken, METH_NOARGS, NULL},
    {"freeze", (PyCFunction)core_freeze, METH_VARARGS, NULL},
    {"load", (PyCFunction)core_load, METH_VARARGS, NULL},
    {"loaded", (PyCFunction)core_loaded, METH_NOARGS, NULL},
    {"entities_held", (PyCFunction)core_entities_held, METH_NOARGS, NULL},
    {"longest_history", (PyCFunction)core_longest_history, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject CoreType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "fraud_stream.scoring._core.Core",
    .tp_basicsize = sizeof(Core),
    .tp_new = core_new,
    .tp_dealloc = (destructor)core_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = CORE_METHODS,
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT,
    .m_name = "fraud_stream.scoring._core",
    .m_size = -1,
    .m_methods = FACT_FUNCTIONS,
};

PyMODINIT_FUNC PyInit__core(void) {
    if (facts_open() || PyType_Ready(&CoreType) || PyType_Ready(&FrozenType)) return NULL;
    PyObject *module = PyModule_Create(&MODULE);
    if (module && (PyModule_AddObjectRef(module, "Core", (PyObject *)&CoreType) ||
                   PyModule_AddObjectRef(module, "Frozen", (PyObject *)&FrozenType)))
        Py_CLEAR(module);
    return module;
}
