/* An order taken apart: the record that the state keeps of it, as the facts of order/facts.py say.
 */
#include "facts.h"
#include "fields.h"
#include "moments.h"

#include <math.h>

enum {
    OF_TIME,
    OF_AMOUNT,
    OF_CURRENCY,
    OF_STATUS,
    OF_TYPE,
    OF_LATITUDE,
    OF_LONGITUDE,
    OF_CUSTOMER,
    OF_DEVICE,
    OF_IP,
    OF_CARD,
    OF_EMAIL,
    OF_SHIPPING,
    OF_VOUCHER,
    OF_SHOP,
    OF_OWNER,
    OF_CATEGORY,
    FIELDS
};
static const char *const NAMES[FIELDS] = {
    "event_time",        "amount",       "currency",         "transaction_status",
    "transaction_type",  "ip_latitude",  "ip_longitude",     "customer_id",
    "device_id",         "ip_address",   "card_fingerprint", "customer_email",
    "shipping",          "voucher_code", "merchant_id",      "merchant_owner_id",
    "merchant_category",
};
enum { COUNTRY, POSTAL_CODE, LATITUDE, LONGITUDE, PARTS };
static const char *const PART_NAMES[PARTS] = {"country", "postal_code", "latitude", "longitude"};

static PyTypeObject *OrderType, *AddressType;
static Py_ssize_t field_offset[FIELDS], part_offset[PARTS];
static PyObject *minor_unit_digits; /* by currency */

int order_open(void) {
    PyObject *currency = moments_open() ? NULL : PyImport_ImportModule("fraud_core.currency");
    if (!currency) return -1;
    minor_unit_digits = PyObject_GetAttrString(currency, "MINOR_UNIT_DIGITS");
    Py_DECREF(currency);
    return minor_unit_digits &&
                   (OrderType = open_type("fraud_core.events", "OrderEvent", NAMES, field_offset,
                                          FIELDS)) &&
                   (AddressType =
                        open_type("fraud_core.events", "Address", PART_NAMES, part_offset, PARTS))
               ? 0
               : -1;
}

static inline PyObject *field_of(PyObject *event, int field) {
    return at_offset(event, field_offset[field]);
}

static PyObject *time_of(PyObject *event) {
    int64_t at;
    return microseconds(field_of(event, OF_TIME), &at) ? NULL : PyLong_FromLongLong(at);
}

static bool is(PyObject *event, int field, const char *what) {
    PyObject *text = field_of(event, field);
    return PyUnicode_Check(text) && !PyUnicode_CompareWithASCIIString(text, what);
}

/* In minor units, half to even as Python's round; of a refund without its sign. */
static PyObject *amount_of(PyObject *event) {
    static const double SCALES[] = {1, 10, 100, 1000, 10000};
    PyObject *currency = field_of(event, OF_CURRENCY);
    PyObject *digits = PyObject_GetItem(minor_unit_digits, currency);
    long decimals = digits ? PyLong_AsLong(digits) : -1;
    Py_XDECREF(digits);
    if (decimals < 0 || decimals > 4) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a currency of such small parts");
        return NULL;
    }
    double amount = PyFloat_AsDouble(field_of(event, OF_AMOUNT));
    if (amount == -1.0 && PyErr_Occurred()) return NULL;
    if (amount < 0 && is(event, OF_TYPE, "refund")) amount = -amount;
    return PyLong_FromDouble(rint(amount * SCALES[decimals]));
}

static PyObject *says(PyObject *event, int field, const char *what) {
    return PyLong_FromLong(is(event, field, what));
}

static PyObject *unless_empty(PyObject *text) {
    bool is_empty = PyUnicode_Check(text) && !PyUnicode_GET_LENGTH(text);
    return Py_NewRef(is_empty ? Py_None : text);
}

/* Whether it is an IPv4 address and nothing besides, as almost all are. */
static bool is_ipv4(PyObject *text) {
    if (!PyUnicode_Check(text) || !PyUnicode_IS_ASCII(text)) return false;
    const char *at = PyUnicode_DATA(text), *end = at + PyUnicode_GET_LENGTH(text);
    for (int octets = 1;; octets++, at++) {
        const char *from = at;
        int octet = 0;
        while (at < end && at - from < 3 && *at >= '0' && *at <= '9') octet = 10 * octet + *at++ - '0';
        if (at == from || octet > 255 || (*from == '0' && at - from > 1)) return false;
        if (octets == 4) return at == end;
        if (at == end || *at != '.') return false;
    }
}

/* What `network` makes of an address. */
static PyObject *ip_of(PyObject *event, PyObject *network) {
    PyObject *address = field_of(event, OF_IP);
    bool is_key = address == Py_None || is_ipv4(address);
    return is_key ? Py_NewRef(address) : PyObject_CallOneArg(network, address);
}

static PyObject *place_of(PyObject *event) {
    PyObject *given[] = {field_of(event, OF_LATITUDE), field_of(event, OF_LONGITUDE)};
    return fact_place(NULL, given, 2);
}

static PyObject *address_of(PyObject *event) {
    PyObject *shipping = field_of(event, OF_SHIPPING);
    if (shipping == Py_None) Py_RETURN_NONE;
    if (!PyObject_TypeCheck(shipping, AddressType))
        return PyErr_Format(PyExc_TypeError, "not an address: %R", shipping);
    PyObject *given[PARTS];
    for (int i = 0; i < PARTS; i++) given[i] = at_offset(shipping, part_offset[i]);
    return identity_address_key(NULL, given, PARTS);
}

/* Ask for the memory of all that its fields point to, at once rather than field by field: an order
 * that was decoded some time ago has left the caches. */
static void fetch(PyObject *event) {
    for (int i = 0; i < FIELDS; i++) __builtin_prefetch(field_of(event, i));
}

enum { COLUMNS = 16 };

static bool put(PyObject *record, int column, PyObject *value) {
    PyTuple_SET_ITEM(record, column, value);
    return value != NULL;
}

/* take_apart(order, network): (its OrderRecord as a plain tuple, the domain of its mailbox);
 * `network` says which key an IP address that is no plain one of IPv4 has. */
PyObject *order_take_apart(PyObject *Py_UNUSED(module), PyObject *const *given, Py_ssize_t count) {
    if (!takes("take_apart", 2, count)) return NULL;
    PyObject *event = given[0];
    if (!PyObject_TypeCheck(event, OrderType))
        return PyErr_Format(PyExc_TypeError, "not an order: %R", event);
    fetch(event);
    PyObject *mailbox = identity_mailbox(NULL, field_of(event, OF_EMAIL));
    if (!mailbox) return NULL;
    PyObject *record = PyTuple_New(COLUMNS);
    bool is_whole = record && put(record, 0, time_of(event)) && put(record, 1, amount_of(event)) &&
                    put(record, 2, Py_NewRef(field_of(event, OF_CURRENCY))) &&
                    put(record, 3, Py_NewRef(field_of(event, OF_CUSTOMER))) &&
                    put(record, 4, Py_NewRef(field_of(event, OF_DEVICE))) &&
                    put(record, 5, ip_of(event, given[1])) &&
                    put(record, 6, Py_NewRef(field_of(event, OF_CARD))) &&
                    put(record, 7, Py_NewRef(PyTuple_GET_ITEM(mailbox, 0))) &&
                    put(record, 8, address_of(event)) &&
                    put(record, 9, Py_NewRef(field_of(event, OF_VOUCHER))) &&
                    put(record, 10, Py_NewRef(field_of(event, OF_SHOP))) &&
                    put(record, 11, Py_NewRef(field_of(event, OF_OWNER))) &&
                    put(record, 12, unless_empty(field_of(event, OF_CATEGORY))) &&
                    put(record, 13, place_of(event)) &&
                    put(record, 14, says(event, OF_STATUS, "declined")) &&
                    put(record, 15, says(event, OF_TYPE, "refund"));
    PyObject *both = is_whole ? PyTuple_Pack(2, record, PyTuple_GET_ITEM(mailbox, 1)) : NULL;
    Py_XDECREF(record);
    Py_DECREF(mailbox);
    return both;
}
