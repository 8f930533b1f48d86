/* One look over a message's bytes: what consumer/glance.py does, and whether each key is there once.
 *
 * `clear` is only said when it is certain: a key is remembered by its length and its outer bytes,
 * and two that look alike, deep nesting or many keys leave it unsaid. It holds for messages that a
 * parser has taken; of others it says nothing of use.
 */
#include "core.h"

enum { DIGITS = 13, MOST_DEPTH = 4, MOST_KEYS = 128, LARGE_EXPONENT = 5 };
static bool in_run[256]; /* digits, and what stands between them in a card number */

typedef struct {
    uint64_t keys[MOST_KEYS];
    uint8_t slots[256]; /* one more than a key's place, by its hash */
    int count;
} Object;

static uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* A message goes on for at least eight bytes after a key begins, or it is looked at in Python. */
static uint64_t look_of(const uint8_t *key, size_t length) {
    uint64_t first = word_at(key), last = 0;
    if (length < 8)
        first &= ((uint64_t)1 << 8 * length) - 1;
    else
        last = word_at(key + length - 8);
    return (first * 0x9E3779B97F4A7C15u ^ last) * 0xC2B2AE3D27D4EB4Fu + length;
}

/* False when a key that looks the same is there already, or there is no room. */
static bool is_first(Object *object, uint64_t look) {
    uint8_t slot = (uint8_t)(look >> 56);
    while (object->slots[slot]) {
        if (object->keys[object->slots[slot] - 1] == look) return false;
        slot++;
    }
    if (object->count == MOST_KEYS) return false;
    object->keys[object->count] = look;
    object->slots[slot] = (uint8_t)++object->count;
    return true;
}

static bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/* Whether the number whose exponent begins after `at` has one of five digits or more. */
static bool is_large(const uint8_t *at, const uint8_t *end) {
    if (at < end && (*at == '-' || *at == '+')) at++;
    const uint8_t *from = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at - from >= LARGE_EXPONENT;
}

/* Without escapes, a text ends at the next quotation mark. */
static bool is_clear(const uint8_t *at, const uint8_t *end) {
    Object objects[MOST_DEPTH];
    bool in_object[MOST_DEPTH];
    int depth = 0;
    for (; at < end; at++) {
        switch (*at) {
        case '"': {
            const uint8_t *text = at + 1, *quote = memchr(text, '"', end - text);
            if (!quote) return false;
            at = quote;
            const uint8_t *next = quote + 1;
            while (next < end && is_space(*next)) next++;
            if (next < end && *next == ':') {
                if (end - text < 8 || !depth || !in_object[depth - 1]) return false;
                if (!is_first(&objects[depth - 1], look_of(text, quote - text))) return false;
                at = next;
            }
            break;
        }
        case '{':
        case '[':
            if (depth == MOST_DEPTH) return false;
            in_object[depth] = *at == '{';
            if (in_object[depth]) {
                objects[depth].count = 0;
                memset(objects[depth].slots, 0, sizeof objects[depth].slots);
            }
            depth++;
            break;
        case '}':
        case ']':
            if (!depth) return false;
            depth--;
            break;
        case 'e':
        case 'E':
            if (is_large(at + 1, end)) return false;
            break;
        default:
            break;
        }
    }
    return !depth;
}

static bool is_ascii(const uint8_t *at, const uint8_t *end) {
    uint64_t all = 0;
    for (; end - at >= 8; at += 8) all |= word_at(at);
    for (; at < end; at++) all |= *at;
    return !(all & 0x8080808080808080u);
}

/* Of so many bytes in a row one stands at each multiple of their number. */
static bool has_long_run(const uint8_t *start, const uint8_t *end) {
    for (const uint8_t *probe = start + DIGITS - 1; probe < end; probe += DIGITS) {
        if (!in_run[*probe]) continue;
        const uint8_t *first = probe, *last = probe;
        while (first > start && in_run[first[-1]]) first--;
        while (last + 1 < end && in_run[last[1]]) last++;
        if (last - first + 1 >= DIGITS) return true;
    }
    return false;
}

int glance_at(const uint8_t *at, const uint8_t *end) {
    size_t length = (size_t)(end - at);
    bool is_escaped = memchr(at, '\\', length) != NULL;
    int found = 0;
    if (is_escaped || !is_ascii(at, end) || memchr(at, 0x7F, length)) found |= SPECIAL;
    if (has_long_run(at, end)) found |= LONG_RUN;
    if (!is_escaped && is_clear(at, end)) found |= CLEAR;
    return found;
}

PyObject *glance(PyObject *Py_UNUSED(module), PyObject *value) {
    if (!PyBytes_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a message's value is bytes");
        return NULL;
    }
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(value);
    return PyLong_FromLong(glance_at(at, at + PyBytes_GET_SIZE(value)));
}

void glance_open(void) {
    for (const char *c = "0123456789 -"; *c; c++) in_run[(uint8_t)*c] = true;
}
