/* Moving the windows of an entity to a point in time, and putting records into its history.
 *
 * Cursors move as in features/cursors.py, with one difference that cannot be seen: a record that is
 * added behind the last one enters the sums at once, while it is at hand, and not with the next
 * question. A window's sums are over log[low] to log[high - 1] all the time.
 */
#include "core.h"

enum { AHEAD = 8 }; /* records that leave a window with one order, in all but rare cases */

Entity *entity_new(const Kind *kind, Id currency) {
    Entity *entity = arena_take(kind->arena, kind->size);
    if (!entity) return NULL;
    memset(entity, 0, kind->size);
    entity->log = &entity->only;
    entity->capacity = 1;
    entity->currency = currency;
    return entity;
}

static void forget_counts(Entity *entity, int slot) {
    if (!entity->counts || !entity->counts[slot]) return;
    PyMem_RawFree(entity->counts[slot]);
    entity->counts[slot] = NULL;
}

void entity_free(const Kind *kind, Entity *entity) {
    for (int slot = 0; slot < kind->counted; slot++) forget_counts(entity, slot);
    PyMem_RawFree(entity->counts);
    if (entity->log != &entity->only)
        arena_give_back(kind->arena, entity->log, entity->capacity * sizeof(Entry));
    arena_give_back(kind->arena, entity, kind->size);
}

/* Ask for the memory of where the windows begin and end. */
void entity_fetch_edges(const Kind *kind, const Entity *entity) {
    fetch_log(entity);
    for (int w = 0; w < kind->windows; w++) __builtin_prefetch(log_of(entity) + entity->narrow[w]);
    if (entity->counts) __builtin_prefetch(entity->counts);
}

/* Ask for the memory of the records that leave their windows when these are moved to begin at
 * `cuts`: they are old, and each lies somewhere else. */
void entity_fetch_leaving(const Kind *kind, const Entity *entity, const int64_t *cuts) {
    const Entry *log = log_of(entity);
    for (int w = 0; w < kind->windows; w++) {
        uint32_t low = entity->narrow[w], end = low + AHEAD;
        if (low == entity->high || at_of(&log[low]) >= cuts[w]) continue;
        if (end > entity->high) end = entity->high;
        for (uint32_t i = low; i < end && at_of(&log[i]) < cuts[w]; i++)
            fetch_record(record_at(kind->records, log[i].record));
        for (int i = kind->first_sum[w]; entity->counts && i < kind->first_sum[w + 1]; i++)
            if (kind->sums[i].kind == SUM_DISTINCT)
                __builtin_prefetch(entity->counts[kind->sums[i].slot]);
    }
}

/* Take an entry into the sums of a window (sign 1) or out of them (-1). */
static int pass(const Kind *kind, Entity *entity, int window, const Entry *entry, int sign) {
    int64_t *wides = wide(kind, entity);
    for (int i = kind->first_sum[window]; i < kind->first_sum[window + 1]; i++) {
        const Sum *sum = &kind->sums[i];
        if (sum->kind == SUM_FLAG) {
            if (marks_of(entry) & sum->mark) entity->narrow[sum->slot] += sign;
            continue;
        }
        if (sum->kind == SUM_DISTINCT) {
            Counts **counts = entity->counts ? &entity->counts[sum->slot] : NULL;
            if (!counts || !*counts) continue;
            Id value = record_at(kind->records, entry->record)->key[sum->column];
            if (sign < 0) counts_take(*counts, value);
            else if (counts_add(counts, value)) return -1;
            continue;
        }
        const Record *record = record_at(kind->records, entry->record);
        if (sum->kind == SUM_AMOUNT) {
            wides[sum->slot] += sign * record->amount;
        } else if (sum->kind == SUM_SQUARE) {
            Wide squares;
            memcpy(&squares, &wides[sum->slot], sizeof squares);
            squares += sign * (Wide)record->amount * record->amount;
            memcpy(&wides[sum->slot], &squares, sizeof squares);
        } else if (record->place[0] != NO_PLACE) {
            wides[sum->slot] += sign * record->place[sum->kind - SUM_X];
        }
    }
    return 0;
}

/* A window that has become empty: no need to take each record out. */
static void empty(const Kind *kind, Entity *entity, int window) {
    entity->narrow[window] = entity->high;
    for (int i = kind->first_sum[window]; i < kind->first_sum[window + 1]; i++) {
        const Sum *sum = &kind->sums[i];
        if (sum->kind == SUM_FLAG) entity->narrow[sum->slot] = 0;
        else if (sum->kind == SUM_DISTINCT) forget_counts(entity, sum->slot);
        else memset(wide(kind, entity) + sum->slot, 0, sum->kind == SUM_SQUARE ? 16 : 8);
    }
}

/* Move the windows to [cut, at). Lows go back before `high` does and forward after it, so that no
 * window is ever negative. */
int entity_move(const Kind *kind, Entity *entity, int64_t at, const int64_t *cuts) {
    const Entry *log = log_of(entity);
    uint32_t *lows = entity->narrow;
    for (int w = 0; w < kind->windows; w++)
        while (lows[w] && at_of(&log[lows[w] - 1]) >= cuts[w])
            if (pass(kind, entity, w, &log[--lows[w]], 1)) return -1;
    while (entity->high && at_of(&log[entity->high - 1]) >= at) {
        entity->high--;
        for (int w = 0; w < kind->windows; w++)
            if (pass(kind, entity, w, &log[entity->high], -1)) return -1;
    }
    for (; entity->high < entity->length && at_of(&log[entity->high]) < at; entity->high++)
        for (int w = 0; w < kind->windows; w++)
            if (pass(kind, entity, w, &log[entity->high], 1)) return -1;
    for (int w = 0; w < kind->windows; w++) {
        if (lows[w] == entity->high) continue;
        if (at_of(&log[entity->high - 1]) < cuts[w]) {
            empty(kind, entity, w);
            continue;
        }
        for (; at_of(&log[lows[w]]) < cuts[w]; lows[w]++)
            if (pass(kind, entity, w, &log[lows[w]], -1)) return -1;
    }
    return 0;
}

/* Room for one more entry behind the last. */
static int make_room(const Kind *kind, Entity *entity) {
    if (entity->start + entity->length < entity->capacity) return 0;
    if (entity->start > entity->capacity / 2) {
        memmove(entity->log, log_of(entity), entity->length * sizeof(Entry));
        entity->start = 0;
        return 0;
    }
    uint32_t wanted = entity->capacity + entity->capacity / 2 + 3;
    Entry *old = log_of(entity), *log = arena_take(kind->arena, wanted * sizeof(Entry));
    if (!log) return -1;
    memcpy(log, old, entity->length * sizeof(Entry));
    if (entity->log != &entity->only)
        arena_give_back(kind->arena, entity->log, entity->capacity * sizeof(Entry));
    entity->log = log;
    entity->start = 0;
    entity->capacity = wanted;
    return 0;
}

/* Records of one time keep the order in which they were ingested. */
static uint32_t position(const Entity *entity, int64_t at) {
    const Entry *log = log_of(entity);
    uint32_t low = 0, high = entity->length;
    if (!high || at_of(&log[high - 1]) <= at) return high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (at_of(&log[middle]) <= at) low = middle + 1;
        else high = middle;
    }
    return low;
}

int entity_insert(const Kind *kind, Entity *entity, const Record *record, uint32_t number) {
    if (make_room(kind, entity)) return -1;
    for (int i = 0; i < kind->soles; i++) {
        uint32_t *sole = &entity->narrow[kind->first_sole + i],
                 value = record->key[kind->sole_column[i]];
        *sole = !entity->length || *sole == value ? value : MIXED;
    }
    uint32_t at = position(entity, record->at);
    Entry *entry = log_of(entity) + at;
    memmove(entry + 1, entry, (entity->length - at) * sizeof(Entry));
    *entry = (Entry){(int64_t)((uint64_t)record->at << 4 | record->marks), number};
    entity->length++;
    if (at > entity->high) return 0;
    entity->high++;
    for (int w = 0; w < kind->windows; w++) {
        if (at < entity->narrow[w]) entity->narrow[w]++;
        else if (pass(kind, entity, w, entry, 1)) return -1;
    }
    return 0;
}

/* Drop what is older than `floor`, which no window can reach. */
int entity_trim(const Kind *kind, Entity *entity, int64_t floor) {
    while (entity->length && at_of(log_of(entity)) < floor) {
        for (int w = 0; w < kind->windows; w++) {
            if (entity->narrow[w]) entity->narrow[w]--;
            else if (entity->high && pass(kind, entity, w, log_of(entity), -1)) return -1;
        }
        if (entity->high) entity->high--;
        entity->start++;
        entity->length--;
    }
    if (!entity->length) entity->start = 0;
    return 0;
}
