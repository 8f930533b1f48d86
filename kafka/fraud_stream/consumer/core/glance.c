/* One look over a message's bytes: what consumer/glance.py does, and whether each key is there
 * once.
 *
 * `clear` is only said when it is certain: a key is remembered by its length and its outer bytes,
 * and two that look alike, deep nesting or many keys leave it unsaid. It holds for messages that a
 * parser has taken; of others it says nothing of use.
 */
#include "core.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MOST_DEPTH = 4, MOST_KEYS = 128, LARGE_EXPONENT = 5, WIDTH = 16, BLOCK = 64 };
enum { RUN_LENGTH = 13, CHAIN_LENGTH = 16 }; /* as in consumer/glance.py */

typedef uint8_t Bytes __attribute__((vector_size(WIDTH)));
typedef int8_t Marks __attribute__((vector_size(WIDTH))); /* -1 where something holds, else 0 */

typedef struct {
    uint64_t keys[MOST_KEYS];
    uint8_t slots[256]; /* one more than a key's place, by its hash */
    int count;
} Object;

/* The message up to the block that is looked at, as far as its keys are concerned. */
typedef struct {
    const uint8_t *start, *end;
    Object objects[MOST_DEPTH];
    bool in_object[MOST_DEPTH];
    int depth;
    uint64_t inside;          /* all ones when the block before ended within a text */
    int64_t opening, closing; /* where the last text before the block stood; -1: nowhere */
} Reader;

static uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* A message goes on for at least eight bytes after a key begins, or it is looked at in Python. */
static uint64_t look_of(const uint8_t *key, size_t length) {
    uint64_t first = word_at(key), last = 0;
    if (length < 8) first &= ((uint64_t)1 << 8 * length) - 1;
    else last = word_at(key + length - 8);
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

/* Whether the number whose exponent begins after `at` has one of five digits or more. */
static bool is_large(const uint8_t *at, const uint8_t *end) {
    if (at < end && (*at == '-' || *at == '+')) at++;
    const uint8_t *from = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at - from >= LARGE_EXPONENT;
}

static int highest(uint64_t bits) { return 63 - __builtin_clzll(bits); }

/* The text that ends before the colon at `place` of the block at `from` is a key, and a new one. */
static bool takes_key(Reader *reader, uint64_t quotes, int64_t from, int place) {
    int64_t opening = reader->opening, closing = reader->closing;
    quotes &= ((uint64_t)1 << place) - 1;
    if (quotes) {
        opening = closing;
        closing = from + highest(quotes);
        quotes &= ~((uint64_t)1 << (closing - from));
        if (quotes) opening = from + highest(quotes);
    }
    const uint8_t *text = reader->start + opening + 1;
    if (opening < 0 || reader->end - text < 8) return false;
    if (!reader->depth || !reader->in_object[reader->depth - 1]) return false;
    return is_first(&reader->objects[reader->depth - 1],
                    look_of(text, (size_t)(closing - opening - 1)));
}

static bool opens(Reader *reader, bool is_object) {
    if (reader->depth == MOST_DEPTH) return false;
    if (is_object) {
        Object *object = &reader->objects[reader->depth];
        object->count = 0;
        memset(object->slots, 0, sizeof object->slots);
    }
    reader->in_object[reader->depth++] = is_object;
    return true;
}

/* A block's colons, brackets and exponents that stand outside of texts; there are no escapes, so a
 * text ends at the next quotation mark. */
static bool read_block(Reader *reader, uint64_t quotes, uint64_t others, int64_t from) {
    uint64_t inside = quotes;
    for (int shift = 1; shift < BLOCK; shift *= 2) inside ^= inside << shift;
    inside ^= reader->inside;
    for (others &= ~inside; others; others &= others - 1) {
        int place = __builtin_ctzll(others);
        const uint8_t *at = reader->start + from + place;
        bool is_good;
        if (*at == ':') is_good = takes_key(reader, quotes, from, place);
        else if (*at == '{' || *at == '[') is_good = opens(reader, *at == '{');
        else if (*at == '}' || *at == ']') is_good = --reader->depth >= 0;
        else is_good = !is_large(at + 1, reader->end);
        if (!is_good) return false;
    }
    reader->inside = inside >> (BLOCK - 1) ? ~(uint64_t)0 : 0;
    if (quotes) {
        int64_t last = from + highest(quotes);
        quotes &= ~((uint64_t)1 << (last - from));
        reader->opening = quotes ? from + highest(quotes) : reader->closing;
        reader->closing = last;
    }
    return true;
}

/* A bit for each mark. */
static inline uint64_t bits_of(Marks marks) {
#ifdef __SSE2__
    return (uint64_t)_mm_movemask_epi8((__m128i)marks);
#else
    uint64_t halves[2], found = 0;
    memcpy(halves, &marks, sizeof halves);
    for (int i = 0; i < 2; i++) {
        uint64_t each = halves[i] & 0x8040201008040201u; /* byte n keeps its bit n */
        found |= (each * 0x0101010101010101u >> 56) << 8 * i;
    }
    return found;
#endif
}

/* Digits, and what may stand between them. A row of either kind is a row in_any, which is what is
 * looked for first: most messages have none, or one. */
static inline Marks in_run(Bytes bytes) {
    return (bytes - '0' < 10) | (bytes == ' ') | (bytes == '-');
}

static inline Marks in_chain(Bytes bytes) {
    return (bytes - '.' < 12) | (bytes == '+') | (bytes == '%') | (bytes == '_');
}

static inline Marks in_any(Bytes bytes) {
    return (bytes - '%' < '9' - '%' + 1) | (bytes == ' ') | (bytes == '_');
}

/* Whether so many marks, eight to sixteen, stand in a row, those at the end of the block before
 * included. */
static inline bool has_row(int length, uint64_t before, uint64_t marks) {
    unsigned __int128 row = (unsigned __int128)marks << (length - 1) | before >> (65 - length);
    row &= row >> 1;
    row &= row >> 2;
    row &= row >> 4;
    row &= row >> (length - 8);
    return row != 0;
}

static inline uint64_t marks_in(const uint8_t *block, Marks (*which)(Bytes)) {
    uint64_t marks = 0;
    for (int i = 0; block && i < BLOCK; i += WIDTH) {
        Bytes bytes;
        memcpy(&bytes, block + i, WIDTH);
        marks |= bits_of(which(bytes)) << i;
    }
    return marks;
}

/* Whether a long run or chain ends in the block, or at its end; there is a row in_any in it. */
static bool has_long_run(const uint8_t *before, const uint8_t *block) {
    return has_row(RUN_LENGTH, marks_in(before, in_run), marks_in(block, in_run)) ||
           has_row(CHAIN_LENGTH, marks_in(before, in_chain), marks_in(block, in_chain));
}

int glance_at(const uint8_t *at, const uint8_t *end) {
    Reader reader;
    reader.start = at, reader.end = end;
    reader.depth = 0, reader.inside = 0;
    reader.opening = reader.closing = -1;
    Marks escapes = {0}, odd = {0};
    uint64_t row_before = 0;
    bool is_clear = true, is_run = false;
    for (int64_t from = 0; from < end - at; from += BLOCK) {
        uint8_t padded[BLOCK] = {0};
        const uint8_t *block = at + from;
        if (end - block < BLOCK) block = memcpy(padded, block, (size_t)(end - block));
        uint64_t quotes = 0, others = 0, row = 0;
        for (int i = 0; i < BLOCK; i += WIDTH) {
            Bytes bytes, folded;
            memcpy(&bytes, block + i, WIDTH);
            folded = bytes | 0x20; /* brackets as braces, letters as small ones */
            escapes |= bytes == '\\';
            odd |= bytes >= 0x7F;
            quotes |= bits_of(bytes == '"') << i;
            others |= bits_of((bytes == ':') | (folded == '{') | (folded == '}') | (folded == 'e'))
                      << i;
            row |= bits_of(in_any(bytes)) << i;
        }
        if (has_row(RUN_LENGTH, row_before, row))
            is_run |= has_long_run(from ? at + from - BLOCK : NULL, block);
        row_before = row;
        is_clear = is_clear && read_block(&reader, quotes, others, from);
    }
    is_clear = is_clear && !reader.depth && !reader.inside;
    bool is_escaped = bits_of(escapes) != 0;
    return (is_escaped || bits_of(odd) ? SPECIAL : 0) | (is_run ? LONG_RUN : 0) |
           (is_clear && !is_escaped ? CLEAR : 0);
}

PyObject *glance(PyObject *Py_UNUSED(module), PyObject *value) {
    if (!PyBytes_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a message's value is bytes");
        return NULL;
    }
    const uint8_t *at = (const uint8_t *)PyBytes_AS_STRING(value);
    return PyLong_FromLong(glance_at(at, at + PyBytes_GET_SIZE(value)));
}
