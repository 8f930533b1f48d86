#include "core.h"

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
