/* What the consumer does with each order's bytes, in C: see the Python modules of the same names,
 * which say it in full and do it where there is no compiler (docs/decisions/0027).
 */
#ifndef CONSUMER_CORE_H
#define CONSUMER_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../scoring/core/fields.h"

/* ---- fields.c: where msgspec keeps a struct's fields ---- */

enum {
    TRANSACTION_ID, /* the eleven ids of an order come first */
    CUSTOMER_ID,
    MERCHANT_ID,
    PAYMENT_METHOD,
    SESSION_ID,
    MERCHANT_OWNER_ID,
    DEVICE_ID,
    VOUCHER_CODE,
    PROMOTION_ID,
    CARD_FINGERPRINT,
    BROWSER_FINGERPRINT,
    IDS,
    SCHEMA_VERSION = IDS,
    EVENT_TIME,
    AMOUNT,
    CURRENCY,
    CARD_BIN,
    ITEMS,
    DISCOUNT_AMOUNT,
    TRANSACTION_TYPE,
    ACCOUNT_CREATED_AT,
    PASSWORD_CHANGED_AT,
    ORDER_FIELDS
};
enum { PRODUCT_ID, QUANTITY, UNIT_PRICE, ITEM_FIELDS };
enum {
    OUTCOME,
    SCORE,
    FACTORS,
    REASONS,
    FEATURES,
    RECOMMENDED_ACTION,
    NOT_EVALUABLE,
    SHADOW,
    SNOOZED,
    LISTS,
    LISTS_VERSION,
    DECISION_FIELDS
};

extern PyTypeObject *OrderType, *ItemType, *DecisionType;
extern Py_ssize_t order_offset[ORDER_FIELDS], item_offset[ITEM_FIELDS],
    decision_offset[DECISION_FIELDS];

int fields_open(void);

/* Borrowed; the object is of that type or one derived from it. */
#define ORDER(event, field) at_offset(event, order_offset[field])
#define ITEM(item, field) at_offset(item, item_offset[field])
#define DECISION(decision, field) at_offset(decision, decision_offset[field])

/* ---- glance.c ---- */

enum { SPECIAL = 1, LONG_RUN = 2, CLEAR = 4 };
int glance_at(const uint8_t *at, const uint8_t *end);
PyObject *glance(PyObject *module, PyObject *value);

/* ---- times.c ---- */

int times_open(void);
int time_in_microseconds(PyObject *moment, int64_t *found); /* -1: an exception is set */
PyObject *time_microseconds(PyObject *module, PyObject *moment);
int time_is_storable(PyObject *moment); /* -1: an exception is set */

/* ---- records.c: messages as the Kafka client hands them out ---- */

typedef struct {
    PyObject *topic; /* owned */
    int64_t partition, offset;
} Coordinates;

int records_open(void);
int record_coordinates(PyObject *record, Coordinates *found);
int record_received(PyObject *record, int64_t *milliseconds); /* 1: it says; 0: it does not */
int record_time(PyObject *record, int64_t *milliseconds);     /* as it stands */
PyObject *record_topic(PyObject *record);
PyObject *record_key(PyObject *record);
PyObject *record_value(PyObject *record);

/* ---- the rest of the module ---- */

extern PyTypeObject BinaryRowsType; /* binary_rows.c */
extern PyTypeObject AlignmentType;  /* alignment.c */
int quick_open(void);               /* quick.c */
PyObject *quick_orders(PyObject *module, PyObject *arguments);
PyObject *in_event_time(PyObject *module, PyObject *decoded); /* sorting.c */

#endif
