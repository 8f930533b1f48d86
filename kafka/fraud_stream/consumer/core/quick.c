/* consumer/quick.py in C: orders that surely have no fault, which almost all orders are.
 *
 * What is not certain is left to Python, which looks at it again from the start and alone says what
 * is wrong: every doubt here costs time and changes nothing.
 */
#include "core.h"

#include <math.h>

static PyObject *minor_unit_digits; /* by currency */

int quick_open(void) {
    PyObject *currency = PyImport_ImportModule("fraud_core.currency");
    if (!currency) return -1;
    minor_unit_digits = PyObject_GetAttrString(currency, "MINOR_UNIT_DIGITS");
    Py_DECREF(currency);
    if (minor_unit_digits && PyDict_Check(minor_unit_digits)) return 0;
    if (minor_unit_digits) PyErr_SetString(PyExc_ImportError, "MINOR_UNIT_DIGITS is no dict");
    return -1;
}

/* ---- content.py: money, items, times ---- */

static const double AMOUNT_BELOW = 1e10;
static const double WHOLE_BELOW = 9007199254740992; /* 2^53: below it sums in doubles are exact */
static const int64_t FUTURE = 3600LL * 1000000; /* as events.FUTURE_LIMIT */
static const int64_t CLOCKS_APART = 3600LL * 1000; /* as triage.CLOCKS_APART_MS */
static const double SCALES[] = {1, 10, 100, 1000, 10000};

static bool says(PyObject *text, const char *what) {
    return PyUnicode_Check(text) && !PyUnicode_CompareWithASCIIString(text, what);
}

/* Whether that is whole in minor units, and how many. */
static bool is_whole(double major, double scale, double *minor) {
    *minor = rint(major * scale);
    return *minor / scale == major;
}

/* Items less the discount are the amount: sums of whole numbers that a double holds, and in the
 * same order as in Python what is not whole. */
static bool items_fit(PyObject *event, PyObject *items, double amount, double scale) {
    PyObject *discount = ORDER(event, DISCOUNT_AMOUNT);
    double exact = discount == Py_None ? 0 : -rint(PyFloat_AsDouble(discount) * scale);
    double rough = 0, allowed = 1, price;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items); i++) {
        PyObject *item = PyTuple_GET_ITEM(items, i);
        if (!PyObject_TypeCheck(item, ItemType)) return false;
        double quantity = PyFloat_AsDouble(ITEM(item, QUANTITY)),
               major = PyFloat_AsDouble(ITEM(item, UNIT_PRICE));
        if (is_whole(major, scale, &price)) {
            exact += quantity * price;
            if (!(exact < WHOLE_BELOW)) return false;
        } else {
            rough += quantity * major * scale;
            allowed += quantity / 2;
        }
    }
    double off = amount - exact - rough;
    return off <= allowed && (off >= -allowed || says(ORDER(event, TRANSACTION_TYPE), "refund"));
}

static bool money_fits(PyObject *event) {
    PyObject *digits = PyDict_GetItemWithError(minor_unit_digits, ORDER(event, CURRENCY));
    long decimals = digits ? PyLong_AsLong(digits) : -1;
    if (decimals < 0 || decimals > 4) return false;
    double amount = PyFloat_AsDouble(ORDER(event, AMOUNT)), scale = SCALES[decimals], minor;
    if (!(amount > 0 && amount < AMOUNT_BELOW) || !is_whole(amount, scale, &minor)) return false;
    PyObject *items = ORDER(event, ITEMS);
    if (!PyTuple_Check(items)) return false;
    return !PyTuple_GET_SIZE(items) || items_fit(event, items, minor, scale);
}

static bool is_storable_if_there(PyObject *moment) {
    return moment == Py_None || time_is_storable(moment) > 0;
}

static bool times_fit(PyObject *event, int64_t received, PyObject *oldest) {
    PyObject *moment = ORDER(event, EVENT_TIME);
    int64_t at, earliest;
    if (time_is_storable(moment) <= 0 || !is_storable_if_there(ORDER(event, ACCOUNT_CREATED_AT)) ||
        !is_storable_if_there(ORDER(event, PASSWORD_CHANGED_AT)))
        return false;
    if (time_in_microseconds(moment, &at) || time_in_microseconds(oldest, &earliest)) return false;
    if (at < earliest || received < 0 || received > INT64_MAX / 2000) return false;
    return at - received * 1000 < FUTURE - 1000; /* a double may be off by that little */
}

/* ---- ids.py, card_numbers.py ---- */

static bool is_visible_ascii(PyObject *text) {
    if (text == Py_None) return true;
    if (!PyUnicode_Check(text) || !PyUnicode_IS_ASCII(text)) return false;
    const unsigned char *at = PyUnicode_DATA(text), *end = at + PyUnicode_GET_LENGTH(text);
    while (at < end && *at >= ' ' && *at < 0x7F) at++;
    return at == end;
}

static bool ids_are_visible_ascii(PyObject *event) {
    for (int i = 0; i < IDS; i++)
        if (!is_visible_ascii(ORDER(event, i))) return false;
    PyObject *items = ORDER(event, ITEMS);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items); i++)
        if (!is_visible_ascii(ITEM(PyTuple_GET_ITEM(items, i), PRODUCT_ID))) return false;
    return true;
}

/* ---- disguise.py, of characters beyond ASCII ---- */

/* Whether it is read as a digit, a gap or a separator. */
static bool is_disguise(Py_UCS4 sign) {
    return Py_UNICODE_ISDECIMAL(sign) || !Py_UNICODE_ISPRINTABLE(sign) ||
           (sign >= 0x2010 && sign <= 0x2015) || sign == 0x2212 || sign == 0xFE58 ||
           sign == 0xFE63 || (sign >= 0xFF01 && sign <= 0xFF5E);
}

/* The character that begins at `at`, and where it ends; 0 where there is none. */
static Py_UCS4 character(const uint8_t **at, const uint8_t *end) {
    uint8_t first = *(*at)++;
    int more = first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : -1;
    if (more < 0 || end - *at < more) return 0;
    Py_UCS4 sign = first & (0x3F >> more);
    for (; more; more--) sign = sign << 6 | (*(*at)++ & 0x3F);
    return sign;
}

static inline bool is_ascii(const uint8_t *eight) {
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    return !(word & 0x8080808080808080u);
}

/* Also said of a DEL, and of what is no UTF-8. */
static bool may_be_disguised(const uint8_t *at, const uint8_t *end) {
    if (memchr(at, 0x7F, (size_t)(end - at))) return true;
    while (at < end) {
        if (end - at >= 8 && is_ascii(at)) at += 8;
        else if (*at < 0x80) at++;
        else if (is_disguise(character(&at, end))) return true;
    }
    return false;
}

static bool is_bin(PyObject *digits) {
    if (digits == Py_None) return true;
    if (!PyUnicode_Check(digits) || !PyUnicode_IS_ASCII(digits)) return false;
    const char *at = PyUnicode_DATA(digits), *end = at + PyUnicode_GET_LENGTH(digits);
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at == end;
}

static bool is_of(PyObject *event, PyObject *key) {
    if (key == Py_None) return true;
    Py_ssize_t length;
    const char *customer = PyUnicode_AsUTF8AndSize(ORDER(event, CUSTOMER_ID), &length);
    return customer && PyBytes_Check(key) && PyBytes_GET_SIZE(key) == length &&
           !memcmp(PyBytes_AS_STRING(key), customer, (size_t)length);
}

/* What all records of a batch are held against. */
typedef struct {
    PyObject *decode, *labels_topic, *oldest;
    int64_t now;
    Py_ssize_t most;
} Terms;

static bool is_in_order(PyObject *event, PyObject *key, int64_t received, const Terms *terms) {
    PyObject *version = ORDER(event, SCHEMA_VERSION);
    return PyLong_CheckExact(version) && PyLong_AsLong(version) == 1 &&
           is_bin(ORDER(event, CARD_BIN)) && money_fits(event) &&
           received <= terms->now + CLOCKS_APART && times_fit(event, received, terms->oldest) &&
           is_of(event, key);
}

/* The order, or NULL: without an exception when it is not certain that there is one. */
static PyObject *order_in(PyObject *value, PyObject *key, int64_t received, const Terms *terms) {
    if (!PyBytes_Check(value) || !PyBytes_GET_SIZE(value) || PyBytes_GET_SIZE(value) > terms->most)
        return NULL;
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(value),
                  *end = at + PyBytes_GET_SIZE(value);
    int seen = glance_at(at, end);
    if ((seen & (LONG_RUN | CLEAR)) != CLEAR) return NULL;
    if (seen & SPECIAL && may_be_disguised(at, end)) return NULL;
    PyObject *event = PyObject_CallOneArg(terms->decode, value);
    if (event && PyObject_TypeCheck(event, OrderType) && is_in_order(event, key, received, terms) &&
        (!(seen & SPECIAL) || ids_are_visible_ascii(event)) && !PyErr_Occurred())
        return event;
    Py_XDECREF(event);
    if (PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_Exception) &&
        !PyErr_ExceptionMatches(PyExc_MemoryError))
        PyErr_Clear(); /* Python will come upon it, too */
    return NULL;
}

/* What the record holds if that is an order without a fault, else None. */
static PyObject *quick_order(PyObject *record, const Terms *terms) {
    int64_t received;
    int is_stamped = record_received(record, &received);
    if (is_stamped < 0) return NULL;
    PyObject *topic = record_topic(record), *key = topic ? record_key(record) : NULL,
             *value = key ? record_value(record) : NULL, *found = NULL;
    int is_order = value ? PyObject_RichCompareBool(topic, terms->labels_topic, Py_NE) : -1;
    if (is_order > 0) found = order_in(value, key, is_stamped ? received : terms->now, terms);
    Py_XDECREF(value);
    Py_XDECREF(key);
    Py_XDECREF(topic);
    if (!found && !PyErr_Occurred()) found = Py_NewRef(Py_None);
    return found;
}

/* quick_orders(decode, records, terms): a list */
PyObject *quick_orders(PyObject *Py_UNUSED(module), PyObject *arguments) {
    Terms terms;
    PyObject *records;
    long long now;
    if (!PyArg_ParseTuple(arguments, "OO(UnLO)", &terms.decode, &records, &terms.labels_topic,
                          &terms.most, &now, &terms.oldest))
        return NULL;
    terms.now = now;
    records = PySequence_Fast(records, "records come in a sequence");
    PyObject *found = records ? PyList_New(PySequence_Fast_GET_SIZE(records)) : NULL;
    for (Py_ssize_t i = 0; found && i < PyList_GET_SIZE(found); i++) {
        PyObject *order = quick_order(PySequence_Fast_GET_ITEM(records, i), &terms);
        if (order) PyList_SET_ITEM(found, i, order);
        else Py_CLEAR(found);
    }
    Py_XDECREF(records);
    return found;
}
