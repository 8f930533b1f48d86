/* Records into the state and out of it, over all kinds of entity. */
#include "state.h"

enum { DROPPED_AT_ONCE = 4 }; /* records let go with an order at most: never a pause */

/* How many records ahead of one that is let go the memory of another is asked for. Mostly one goes
 * with an order: what was asked for many orders before has left the caches when it is needed. */
enum { ENTITIES_AHEAD = 1, NAMES_AHEAD = 2, RECORDS_AHEAD = 4 };

static Name *key_of(Core *core, const Kind *kind, const Record *record) {
    return name_at(&core->pools[kind->column], record->key[kind->column]);
}

static Entity *find(const Kind *kind, const Name *name, const Record *record) {
    Held held = name->held[kind->sharing];
    return kind->per_currency ? held_in(held, record->key[CURRENCY]) : (Entity *)held;
}

static Entity *add_entity(Core *core, const Kind *kind, Name *name, const Record *record) {
    Entity *entity = entity_new(kind, record->key[CURRENCY]);
    if (!entity) return NULL;
    if (held_add(&name->held[kind->sharing], &core->arena, entity)) {
        entity_free(kind, entity);
        return NULL;
    }
    core->entities++;
    return entity;
}

static int64_t floor_of(const Core *core, const Kind *kind) {
    return core->newest - kind->retention;
}

static int insert(Core *core, const Kind *kind, Entity *entity, const Record *record,
                  uint32_t number) {
    if (kind->per_currency && record->marks & (DECLINED | REFUND)) return 0;
    if (!entity && !(entity = add_entity(core, kind, key_of(core, kind, record), record)))
        return -1;
    if (entity_trim(kind, entity, floor_of(core, kind))) return -1;
    return entity_insert(kind, entity, record, number);
}

/* Where the windows of an order begin. */
static void cut(const Core *core, const Kind *kind, const Record *order, int64_t *cuts) {
    int64_t from = core->newest - core->lateness;
    if (from < order->at) from = order->at;
    for (int w = 0; w < kind->windows; w++) {
        cuts[w] = from - kind->length[w];
        if (cuts[w] > order->at) cuts[w] = order->at;
    }
}

/* Answer what is asked of one kind: from windows that end at the order's time. */
static int answer(const Kind *kind, Entity *entity, const Record *order, const int64_t *cuts,
                  PyObject *values) {
    if (entity && entity_move(kind, entity, order->at, cuts)) return PyErr_NoMemory(), -1;
    for (int i = 0; i < kind->asked; i++) {
        const Reading *reading = &kind->readings[i];
        PyObject *value = entity ? reading_take(reading, kind, entity, order)
                                 : reading_of_nothing(reading, order);
        if (!value) return -1;
        PyTuple_SET_ITEM(values, reading->place, value);
    }
    return 0;
}

static void answer_nothing(const Kind *kind, PyObject *values) {
    for (int i = 0; i < kind->asked; i++)
        PyTuple_SET_ITEM(values, kind->readings[i].place, Py_NewRef(Py_None));
}

static void forget(Core *core, int column, Name *name) {
    for (int i = 0; i < core->kind_count; i++) {
        const Kind *kind = &core->kinds[i];
        if (kind->column != column) continue;
        Held *held = &name->held[kind->sharing];
        uint32_t count = held_count(*held);
        for (uint32_t j = 0; j < count; j++) entity_free(kind, held_at(*held, j));
        core->entities -= count;
        held_close(held, &core->arena);
    }
}

static void release(Core *core, const Record *record) {
    for (int column = 0; column < TEXTS; column++) {
        Id id = record->key[column];
        Pool *pool = &core->pools[column];
        if (!id || --name_at(pool, id)->references) continue;
        forget(core, column, name_at(pool, id));
        pool_remove(pool, id);
    }
}

void core_forget(Core *core) {
    for (int column = 0; column < TEXTS; column++) {
        const Pool *pool = &core->pools[column];
        for (Id id = 1; id < pool->end; id++)
            if (name_at(pool, id)->text) forget(core, column, name_at(pool, id));
    }
}

/* Ask for the memory of records that are in line: the entities of the next, the names of one after
 * it. */
void core_look_ahead(Core *core, const Record *next, const Record *second) {
    for (int column = 0; column < TEXTS; column++) {
        const Pool *pool = &core->pools[column];
        const Name *name = next && next->key[column] ? name_at(pool, next->key[column]) : NULL;
        for (int i = 0; name && i < pool->sharing; i++) fetch_held(name->held[i]);
        if (name && name->references == 1) { /* it goes with that record */
            __builtin_prefetch(&pool->slots[name->tag & pool->mask]);
            __builtin_prefetch(name->text);
        }
        if (second && second->key[column]) __builtin_prefetch(name_at(pool, second->key[column]));
    }
}

static const Record *ahead(const Records *records, uint32_t by) {
    return records->end - records->first > by ? record_at(records, records->first + by) : NULL;
}

/* Let go of a little of what no window can reach any more. */
static int tidy(Core *core, Records *records, bool of_labels) {
    for (int i = 0; i < DROPPED_AT_ONCE && records->first != records->end; i++) {
        const Record *record = record_at(records, records->first);
        if (record->at >= core->newest - core->longest_retention) return 0;
        Entity *entities[MAX_KINDS] = {0};
        for (int k = 0; k < core->kind_count; k++) {
            const Kind *kind = &core->kinds[k];
            if (kind->of_labels != of_labels || !record->key[kind->column]) continue;
            const Name *name = key_of(core, kind, record);
            if (name->references == 1) continue; /* its entities go with it */
            entities[k] = find(kind, name, record);
            if (entities[k]) __builtin_prefetch(log_of(entities[k]));
        }
        for (int k = 0; k < core->kind_count; k++) {
            const Kind *kind = &core->kinds[k];
            if (entities[k] && entity_trim(kind, entities[k], floor_of(core, kind))) return -1;
        }
        release(core, record);
        records_drop_first(records);
        core_look_ahead(core, ahead(records, ENTITIES_AHEAD), ahead(records, NAMES_AHEAD));
        const Record *far = ahead(records, RECORDS_AHEAD);
        if (far) fetch_record(far);
    }
    return 0;
}

int core_tidy(Core *core) {
    for (int of_labels = 0; of_labels < 2; of_labels++) {
        Records *records = of_labels ? &core->labels : &core->orders;
        for (uint32_t first = records->end; first != records->first;) {
            first = records->first;
            if (tidy(core, records, of_labels)) return -1;
        }
    }
    return 0;
}

int core_take(Core *core, const Record *record, bool of_labels, PyObject *values) {
    Records *records = of_labels ? &core->labels : &core->orders;
    uint32_t number = records->end;
    if (!of_labels && record->at > core->newest) core->newest = record->at;
    if (records_append(records, record)) return PyErr_NoMemory(), -1;
    for (int column = 0; column < TEXTS; column++)
        if (record->key[column]) name_at(&core->pools[column], record->key[column])->references++;
    Entity *entities[MAX_KINDS] = {0};
    int64_t cuts[MAX_KINDS][MAX_WINDOWS];
    for (int i = 0; i < core->kind_count; i++) {
        const Kind *kind = &core->kinds[i];
        if (!record->key[kind->column]) continue;
        entities[i] = find(kind, key_of(core, kind, record), record);
        if (entities[i]) fetch_entity(entities[i]);
    }
    for (int i = 0; i < core->kind_count; i++)
        if (entities[i]) entity_fetch_edges(&core->kinds[i], entities[i]);
    for (int i = 0; values && i < core->kind_count; i++) {
        cut(core, &core->kinds[i], record, cuts[i]);
        if (entities[i]) entity_fetch_leaving(&core->kinds[i], entities[i], cuts[i]);
    }
    for (int i = 0; i < core->kind_count; i++) {
        const Kind *kind = &core->kinds[i];
        bool concerned = kind->of_labels == of_labels;
        if (!record->key[kind->column]) {
            if (values) answer_nothing(kind, values);
            continue;
        }
        if (!concerned && !values) continue;
        Entity *entity = entities[i];
        if (values && answer(kind, entity, record, cuts[i], values)) return -1;
        if (concerned && insert(core, kind, entity, record, number)) return PyErr_NoMemory(), -1;
    }
    if (core->frozen || core->loading || of_labels) return 0;
    if (tidy(core, &core->orders, false) || tidy(core, &core->labels, true))
        return PyErr_NoMemory(), -1;
    return 0;
}
