#include "core.h"

#include <structmember.h> /* PyMemberDef, until Python 3.11 */

PyTypeObject *OrderType, *ItemType, *DecisionType;
Py_ssize_t order_offset[ORDER_FIELDS], item_offset[ITEM_FIELDS], decision_offset[DECISION_FIELDS];

static const char *const ORDER_NAMES[ORDER_FIELDS] = {
    "transaction_id",     "customer_id",         "merchant_id",      "payment_method",
    "session_id",         "merchant_owner_id",   "device_id",        "voucher_code",
    "promotion_id",       "card_fingerprint",    "browser_fingerprint",
    "schema_version",     "event_time",          "amount",           "currency",
    "card_bin",           "items",               "discount_amount",  "transaction_type",
    "account_created_at", "password_changed_at",
};
static const char *const ITEM_NAMES[ITEM_FIELDS] = {"product_id", "quantity", "unit_price"};
static const char *const DECISION_NAMES[DECISION_FIELDS] = {
    "outcome",       "score",  "factors", "reasons", "features",      "recommended_action",
    "not_evaluable", "shadow", "snoozed", "lists",   "lists_version",
};

/* A type's fields are members at fixed places, or it is not the msgspec that we know: then this
 * module does not open, and Python does its work. */
static PyTypeObject *open_type(const char *module, const char *name, const char *const *names,
                               Py_ssize_t *offsets, int count) {
    PyObject *found = PyImport_ImportModule(module);
    PyObject *type = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    for (int i = 0; type && i < count; i++) {
        PyObject *field = PyObject_GetAttrString(type, names[i]);
        if (field && Py_IS_TYPE(field, &PyMemberDescr_Type)) {
            offsets[i] = ((PyMemberDescrObject *)field)->d_member->offset;
        } else {
            if (field) PyErr_Format(PyExc_ImportError, "%s.%s is no member", name, names[i]);
            Py_CLEAR(type);
        }
        Py_XDECREF(field);
    }
    return (PyTypeObject *)type;
}

int fields_open(void) {
    return (OrderType = open_type("fraud_core.events", "OrderEvent", ORDER_NAMES, order_offset,
                                  ORDER_FIELDS)) &&
                   (ItemType = open_type("fraud_core.events", "Item", ITEM_NAMES, item_offset,
                                         ITEM_FIELDS)) &&
                   (DecisionType = open_type("fraud_stream.scoring.decision", "Decision",
                                             DECISION_NAMES, decision_offset, DECISION_FIELDS))
               ? 0
               : -1;
}
