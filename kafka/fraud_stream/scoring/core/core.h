/* The histories of entities in packed form: what features/history.py does, in a tenth of the time.
 *
 * An order leaves one Record. Each text in it is interned in the pool of its column as a Name, and
 * a Name leads to the entities that it is the key of. An Entity holds a log of its records in order
 * of time and, for each window, what is needed to read features without looking at the log.
 *
 * All of it runs under the interpreter's lock and never lets go of it.
 */
#ifndef CORE_H
#define CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

typedef __int128 Wide;
typedef uint32_t Id; /* a Name within its column's pool, counted from 1; 0 is a missing text */

/* The columns that hold texts, in the order of columns.py's TEXTS. */
enum {
    CURRENCY,
    CUSTOMER,
    DEVICE,
    IP,
    CARD,
    EMAIL,
    ADDRESS,
    VOUCHER,
    SHOP,
    OWNER,
    CATEGORY,
    TEXTS
};
enum { DECLINED = 1, REFUND = 2, WITH_VOUCHER = 4, FRAUD = 8 }; /* marks of a record */
enum { MAX_WINDOWS = 8, MAX_SUMS = 48, MAX_KINDS = 24, MAX_SHARING = 4 };

#define NO_PLACE INT32_MIN
#define MIXED UINT32_MAX /* where a history's only value would stand, when there is more than one  \
                          */
#define EVER ((int64_t)1 << 58)

/* ---- records.c: orders or labels in the order of ingestion, in blocks that never move ---- */

typedef struct {
    int64_t at : 60; /* microseconds since 1970 */
    uint64_t marks : 4;
    int64_t amount;
    Id key[TEXTS];
    int32_t place[3];
} Record;

typedef struct {
    Arena *arena;
    Record **blocks; /* a ring; a record's number, which may wrap, says where it is */
    Record *spare;   /* blocks to be used again, each beginning with the next one */
    uint32_t mask;
    uint32_t first, end;
} Records;

enum { BLOCK_BITS = 12, BLOCK = 1 << BLOCK_BITS };

static inline Record *record_at(const Records *records, uint32_t number) {
    return &records->blocks[number >> BLOCK_BITS & records->mask][number & (BLOCK - 1)];
}
static inline void fetch_record(const Record *record) {
    __builtin_prefetch(record);
    __builtin_prefetch((const char *)(record + 1) - 1);
}
int records_append(Records *records, const Record *record); /* -1 without memory */
void records_drop_first(Records *records);
void records_close(Records *records);

/* ---- names.c: the texts of a column ---- */

typedef struct Entity Entity;
typedef uintptr_t Held; /* held.c: the entities of a name and a kind */

/* A copy of Python's: one that is kept among the texts of decoded orders, which come and go, would
 * scatter those over ever more memory. */
typedef struct {
    uint32_t length;
    int kind; /* bytes a character */
    char characters[];
} Text;
PyObject *text_as_python(const Text *text);

typedef struct {
    Text *text;
    uint32_t references; /* records that hold it; in a free Name, the next free one */
    uint32_t tag;        /* folded hash */
    Held held[];         /* of each kind that is keyed by this column */
} Name;

typedef struct {
    struct {
        uint32_t tag;
        Id id;
    } *slots;
    Arena *arena;
    uint32_t mask, used;
    int sharing; /* kinds of entity that are keyed by this column */
    char **blocks;
    size_t stride;
    Id end, free;
} Pool;

static inline Name *name_at(const Pool *pool, Id id) {
    return (Name *)(pool->blocks[id >> BLOCK_BITS] + (id & (BLOCK - 1)) * pool->stride);
}
/* A text on its way to its Id. Half of an order's time is waiting for memory, so the memory of all
 * its texts is asked for before any of it is used: begin, guess and intern take turns over them. */
typedef struct {
    PyObject *text;
    uint32_t tag;
    Id likely; /* found by its hash alone */
} Search;

int pool_open(Pool *pool, Arena *arena, int kinds);
int pool_begin(const Pool *pool, PyObject *text, Search *search); /* -1 when it is not a text */
void pool_guess(const Pool *pool, Search *search);
Id pool_intern(Pool *pool, const Search *search); /* 0 with an exception set when it fails */
bool name_is(const Name *name, const Name *other); /* whether both are of the same text */
Id pool_find(const Pool *pool, const Name *other); /* of another pool's text; 0 when not there */
void pool_remove(Pool *pool, Id id);
void pool_close(Pool *pool);

/* ---- held.c: one entity, or one in each currency ---- */

uint32_t held_count(Held held);
Entity *held_at(Held held, uint32_t number);
Entity *held_in(Held held, Id currency); /* NULL when there is none */
int held_add(Held *held, Arena *arena, Entity *entity); /* -1 without memory */
void held_close(Held *held, Arena *arena);              /* not the entities */

/* ---- counts.c: how often each value stands in a window ---- */

typedef struct {
    uint32_t mask, used;
    struct {
        Id value;
        uint32_t count;
    } cells[];
} Counts;

Counts *counts_new(void);
int counts_add(Counts **counts, Id value); /* -1 without memory */
void counts_take(Counts *counts, Id value);
uint32_t counts_of(const Counts *counts, Id value);

/* ---- entity.c: windows ---- */

typedef struct __attribute__((packed)) {
    int64_t at_and_marks; /* as in the record, so that neither need be looked up there */
    uint32_t record;
} Entry;
static inline int64_t at_of(const Entry *entry) { return entry->at_and_marks >> 4; }
static inline int marks_of(const Entry *entry) { return (int)(entry->at_and_marks & 15); }

typedef enum { SUM_FLAG, SUM_AMOUNT, SUM_SQUARE, SUM_X, SUM_Y, SUM_Z, SUM_DISTINCT } SumKind;

typedef struct {
    SumKind kind;
    int window, column;
    int slot; /* among the entity's narrow numbers, wide numbers or counts, as its kind asks */
    int sole; /* of a distinct one: the narrow number that holds the only value */
    int mark; /* of a flag */
} Sum;

typedef struct Reading Reading;

/* One kind of entity: its column, what enters its histories, and its windows, shortest first. */
typedef struct {
    int column, sharing; /* which of the column's names' entities it is */
    bool per_currency, of_labels;
    int64_t retention;
    int windows;
    int64_t length[MAX_WINDOWS];
    Sum sums[MAX_SUMS]; /* by window: those of w stand from first_sum[w] to first_sum[w + 1] */
    int first_sum[MAX_WINDOWS + 1];
    int soles, sole_column[TEXTS], first_sole;
    int counted;
    size_t wide_offset, size;
    const Records *records;
    Arena *arena;
    Reading *readings;
    int asked;
} Kind;

/* Window w is log[low of w] to log[high - 1]; its sums are over exactly those. */
struct Entity {
    Entry *log;
    Counts **counts; /* for each distinct sum; made when a long window is mixed */
    uint32_t start, length, capacity;
    Id currency;
    Entry only; /* the log of an entity that was seen once */
    uint32_t high;
    uint32_t narrow[]; /* a low for each window, only values, flag counts; then the wide ones */
};

static inline int64_t *wide(const Kind *kind, Entity *entity) {
    return (int64_t *)((char *)entity + kind->wide_offset);
}
static inline Entry *log_of(const Entity *entity) { return entity->log + entity->start; }
/* Most are no larger than two lines, and what is asked for in vain takes as long as any. */
static inline void fetch_entity(const Entity *entity) {
    __builtin_prefetch(entity);
    __builtin_prefetch((const char *)entity + 64);
}
/* Of several entities: of where they are listed, whose address differs by a mark within the line. */
static inline void fetch_held(Held held) { fetch_entity((const Entity *)held); }
static inline void fetch_log(const Entity *entity) {
    __builtin_prefetch(log_of(entity));
    __builtin_prefetch(log_of(entity) + entity->high);
}
void entity_fetch_edges(const Kind *kind, const Entity *entity);
void entity_fetch_leaving(const Kind *kind, const Entity *entity, const int64_t *cuts);

Entity *entity_new(const Kind *kind, Id currency);
void entity_free(const Kind *kind, Entity *entity);
int entity_move(const Kind *kind, Entity *entity, int64_t at, const int64_t *cuts);
int entity_insert(const Kind *kind, Entity *entity, const Record *record, uint32_t number);
int entity_trim(const Kind *kind, Entity *entity, int64_t floor);

/* ---- readings.c: features ---- */

typedef enum {
    COUNT,
    COUNT_IF,
    SHARE_IF,
    DISTINCT,
    PER_DISTINCT,
    SEEN,
    KNOWN,
    TOTAL,
    MEAN,
    STD,
    ZSCORE,
    MEDIAN,
    SINCE_LAST,
    SINCE_FIRST,
    KM_FROM_LAST,
    SPEED,
    KM_FROM_USUAL,
    GAP_VARIATION,
    MEASURES
} Measure;
extern const char *const MEASURE_NAMES[MEASURES];

struct Reading {
    Measure measure;
    int window, column;
    int sought;              /* the order's text that is looked for in the column */
    const Pool *own, *among; /* of the text sought, and of the column */
    const Sum *sum;    /* the first that it is read from */
    const Sum *second; /* squares beside amounts, the last day beside thirty */
    Py_ssize_t place;  /* in the answer */
};

int reading_prepare(Reading *reading, const Kind *kind, int last_day);
PyObject *reading_of_nothing(const Reading *reading, const Record *order);
PyObject *reading_take(const Reading *reading, const Kind *kind, Entity *entity,
                       const Record *order);

#endif
