/* Reading features off windows that are in place. Every number comes out as Python's arithmetic
 * gives it: whole numbers are exact, quotients are rounded once, doubles are used in the same
 * order.
 */
#include "core.h"
#include "numbers.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL = 16, GAPS = 8 }; /* up to SMALL records are looked through instead of counted */

const char *const MEASURE_NAMES[MEASURES] = {
    "count",      "count_if",    "share_if",     "distinct", "per_distinct",  "seen",
    "known",      "sum",         "mean",         "std",      "zscore",        "median",
    "since_last", "since_first", "km_from_last", "speed",    "km_from_usual", "gap_variation",
};

static const int FIRST_SUM[MEASURES] = {
    [COUNT] = -1,
    [COUNT_IF] = SUM_FLAG,
    [SHARE_IF] = SUM_FLAG,
    [DISTINCT] = SUM_DISTINCT,
    [PER_DISTINCT] = SUM_DISTINCT,
    [SEEN] = SUM_DISTINCT,
    [KNOWN] = SUM_DISTINCT,
    [TOTAL] = SUM_AMOUNT,
    [MEAN] = SUM_AMOUNT,
    [STD] = SUM_AMOUNT,
    [ZSCORE] = SUM_AMOUNT,
    [MEDIAN] = -1,
    [SINCE_LAST] = -1,
    [SINCE_FIRST] = -1,
    [KM_FROM_LAST] = -1,
    [SPEED] = -1,
    [KM_FROM_USUAL] = SUM_X,
    [GAP_VARIATION] = -1,
};

static const Sum *find(const Kind *kind, int window, int sum_kind, int column) {
    for (int i = kind->first_sum[window]; i < kind->first_sum[window + 1]; i++)
        if ((int)kind->sums[i].kind == sum_kind && kind->sums[i].column == column)
            return &kind->sums[i];
    return NULL;
}

/* Look up what the feature is read from; `last_day` is the kind's 24-hour window or -1. */
int reading_prepare(Reading *reading, const Kind *kind, int last_day) {
    int first = FIRST_SUM[reading->measure];
    reading->sum = first < 0 ? NULL : find(kind, reading->window, first, reading->column);
    reading->second = NULL;
    if (reading->measure == STD || reading->measure == ZSCORE)
        reading->second = find(kind, reading->window, SUM_SQUARE, reading->column);
    if (reading->measure == KNOWN && last_day >= 0)
        reading->second = find(kind, last_day, SUM_DISTINCT, reading->column);
    bool needs_second =
        reading->measure == STD || reading->measure == ZSCORE || reading->measure == KNOWN;
    if ((first >= 0 && !reading->sum) || (needs_second && !reading->second)) {
        PyErr_Format(PyExc_ValueError, "no sums for the measure %s",
                     MEASURE_NAMES[reading->measure]);
        return -1;
    }
    return 0;
}

/* The feature of an entity that was never seen. */
PyObject *reading_of_nothing(const Reading *reading, const Record *order) {
    switch (reading->measure) {
    case COUNT:
    case COUNT_IF:
    case DISTINCT:
    case TOTAL:
        return PyLong_FromLong(0);
    case SEEN:
    case KNOWN:
        return Py_NewRef(order->key[reading->sought] ? Py_False : Py_None);
    default:
        return Py_NewRef(Py_None);
    }
}

typedef struct {
    const Kind *kind;
    Entity *entity;
    const Entry *log;
    uint32_t low, high;
} View;

static const Record *record_of(const View *view, uint32_t i) {
    return record_at(view->kind->records, view->log[i].record);
}

/* Counts of a long window, made when first asked for and kept up to date from then on; NULL for a
 * short one, which is looked through. */
static int counts_for(const View *view, const Sum *sum, uint32_t low, const Counts **found) {
    Entity *entity = view->entity;
    uint32_t size = view->high - low;
    *found = NULL;
    Counts **counts = entity->counts ? &entity->counts[sum->slot] : NULL;
    if (size <= SMALL) {
        if (counts && *counts && size < SMALL / 2) {
            PyMem_RawFree(*counts);
            *counts = NULL;
        }
        return 0;
    }
    if (!counts) {
        entity->counts = PyMem_RawCalloc(view->kind->counted, sizeof(Counts *));
        if (!entity->counts) return -1;
        counts = &entity->counts[sum->slot];
    }
    if (!*counts) {
        if (!(*counts = counts_new())) return -1;
        for (uint32_t i = low; i < view->high; i++)
            if (counts_add(counts, record_of(view, i)->key[sum->column])) return -1;
    }
    *found = *counts;
    return 0;
}

/* How many different values stand in the window, missing ones apart; -1 without memory. */
static int64_t distinct(const View *view, const Sum *sum) {
    uint32_t sole = view->entity->narrow[sum->sole];
    const Counts *counts;
    if (view->high == view->low) return 0;
    if (sole != MIXED) return sole != 0;
    if (counts_for(view, sum, view->low, &counts)) return -1;
    if (counts) return counts->used;
    Id values[SMALL];
    int found = 0;
    for (uint32_t i = view->low; i < view->high; i++) {
        Id value = record_of(view, i)->key[sum->column];
        int j = 0;
        while (j < found && values[j] != value) j++;
        if (value && j == found) values[found++] = value;
    }
    return found;
}

static bool holds(const View *view, uint32_t low, uint32_t high, int column, Id value) {
    for (uint32_t i = low; i < high; i++)
        if (record_of(view, i)->key[column] == value) return true;
    return false;
}

/* Whether `value` stands in the window; -1 without memory. */
static int seen(const View *view, const Sum *sum, Id value) {
    uint32_t sole = view->entity->narrow[sum->sole];
    const Counts *counts;
    if (sole != MIXED) return view->high > view->low && sole == value;
    if (counts_for(view, sum, view->low, &counts)) return -1;
    if (counts) return counts_of(counts, value) > 0;
    return holds(view, view->low, view->high, sum->column, value);
}

/* Whether the order's text stands in another column of the window, as a shop's owner among
 * customers; -1 without memory. Mostly there is one customer, so that nothing is looked up. */
static int seen_as_another(const View *view, const Reading *reading, const Record *order) {
    uint32_t sole = view->entity->narrow[reading->sum->sole];
    const Name *mine = name_at(reading->own, order->key[reading->sought]);
    if (view->high == view->low || !sole) return 0;
    if (sole != MIXED) return name_is(name_at(reading->among, sole), mine);
    Id found = pool_find(reading->among, mine);
    return found ? seen(view, reading->sum, found) : 0;
}

/* Whether `value` stands in the window more than a day ago; -1 without memory. */
static int known(const View *view, const Sum *sum, const Sum *last_day, Id value) {
    uint32_t sole = view->entity->narrow[sum->sole], until = view->entity->narrow[last_day->window];
    const Counts *counts, *recent;
    if (sole != MIXED) return until > view->low && sole == value;
    if (counts_for(view, sum, view->low, &counts)) return -1;
    if (!counts) return holds(view, view->low, until, sum->column, value);
    uint32_t times = counts_of(counts, value);
    if (!times) return 0;
    if (counts_for(view, last_day, until, &recent)) return -1;
    if (recent) return times > counts_of(recent, value);
    for (uint32_t i = until; i < view->high; i++)
        times -= record_of(view, i)->key[sum->column] == value;
    return times > 0;
}

static PyObject *median(const View *view) {
    int64_t few[FEW];
    uint32_t size = view->high - view->low, middle = size / 2;
    int64_t *amounts = size > FEW ? PyMem_RawMalloc(size * sizeof(int64_t)) : few;
    if (!amounts) return PyErr_NoMemory();
    for (uint32_t i = 0; i < size; i++) amounts[i] = record_of(view, view->low + i)->amount;
    sort_amounts(amounts, size);
    PyObject *value =
        size & 1 ? PyLong_FromLongLong(amounts[middle])
                 : PyFloat_FromDouble(quotient((Wide)amounts[middle - 1] + amounts[middle], 2));
    if (amounts != few) PyMem_RawFree(amounts);
    return value;
}

static PyObject *gap_variation(const View *view, int64_t at) {
    uint32_t first = view->high - view->low > GAPS ? view->high - GAPS : view->low;
    int64_t before = at_of(&view->log[first]), longest = INT64_MIN, shortest = INT64_MAX;
    int64_t total = at - before, gaps = view->high - first;
    for (uint32_t i = first + 1; i <= view->high; i++) {
        int64_t now = i < view->high ? at_of(&view->log[i]) : at;
        if (now - before > longest) longest = now - before;
        if (now - before < shortest) shortest = now - before;
        before = now;
    }
    if (!total) Py_RETURN_NONE;
    return PyFloat_FromDouble(quotient((Wide)(longest - shortest) * gaps, total));
}

/* Sets `found` to the kilometres from the last record's place; false when a place is missing. */
static bool travelled(const View *view, const Record *order, double *found) {
    const int32_t *there = record_of(view, view->high - 1)->place, *here = order->place;
    if (there[0] == NO_PLACE || here[0] == NO_PLACE) return false;
    *found = memcmp(there, here, sizeof order->place) ? kilometres(there, here) : 0.0;
    return true;
}

static PyObject *spread(const Reading *reading, const View *view, const Record *order) {
    int64_t *wides = wide(view->kind, view->entity), size = view->high - view->low;
    int64_t total = wides[reading->sum->slot];
    Wide squares;
    memcpy(&squares, &wides[reading->second->slot], sizeof squares);
    if (size < 2) Py_RETURN_NONE;
    Wide variation = size * squares - (Wide)total * total;
    double deviation = sqrt(quotient(variation, size * (size - 1)));
    if (reading->measure == STD) return PyFloat_FromDouble(deviation);
    if (variation <= 0) Py_RETURN_NONE;
    Wide distance = (Wide)size * order->amount - total;
    return PyFloat_FromDouble((double)distance / ((double)size * deviation));
}

static PyObject *flag(int is) { return is < 0 ? PyErr_NoMemory() : PyBool_FromLong(is); }

static PyObject *place_reading(const Reading *reading, const View *view, const Record *order) {
    double distance;
    if (reading->measure != KM_FROM_USUAL) {
        if (!travelled(view, order, &distance)) Py_RETURN_NONE;
        if (reading->measure == KM_FROM_LAST) return PyFloat_FromDouble(distance);
        int64_t passed = order->at - at_of(&view->log[view->high - 1]);
        return PyFloat_FromDouble(distance * 3600000000.0 / (double)passed);
    }
    if (order->place[0] == NO_PLACE) Py_RETURN_NONE;
    const int64_t *middle = wide(view->kind, view->entity) + reading->sum->slot;
    if (!kilometres_from_middle(order->place, middle, &distance)) Py_RETURN_NONE;
    return PyFloat_FromDouble(distance);
}

PyObject *reading_take(const Reading *reading, const Kind *kind, Entity *entity,
                       const Record *order) {
    const View view = {kind, entity, log_of(entity), entity->narrow[reading->window], entity->high};
    int64_t size = view.high - view.low, different;
    const Sum *sum = reading->sum;
    Id mine = reading->sought >= 0 && reading->sought < TEXTS ? order->key[reading->sought] : 0;
    switch (reading->measure) {
    case COUNT:
        return PyLong_FromLongLong(size);
    case COUNT_IF:
        return PyLong_FromLong((long)entity->narrow[sum->slot]);
    case TOTAL:
        return PyLong_FromLongLong(wide(kind, entity)[sum->slot]);
    case SEEN:
        if (!mine) Py_RETURN_NONE;
        return flag(reading->sought == reading->column ? seen(&view, sum, mine)
                                                       : seen_as_another(&view, reading, order));
    case KNOWN:
        if (!mine) Py_RETURN_NONE;
        return flag(known(&view, sum, reading->second, mine));
    case DISTINCT:
        if ((different = distinct(&view, sum)) < 0) return PyErr_NoMemory();
        return PyLong_FromLongLong(different);
    default:
        break;
    }
    if (!size) Py_RETURN_NONE;
    switch (reading->measure) {
    case SHARE_IF:
        return PyFloat_FromDouble(quotient(entity->narrow[sum->slot], size));
    case PER_DISTINCT:
        if ((different = distinct(&view, sum)) < 0) return PyErr_NoMemory();
        if (!different) Py_RETURN_NONE;
        return PyFloat_FromDouble(quotient(size, different));
    case MEAN:
        return PyFloat_FromDouble(quotient(wide(kind, entity)[sum->slot], size));
    case MEDIAN:
        return median(&view);
    case SINCE_LAST:
        return PyFloat_FromDouble(quotient(order->at - at_of(&view.log[view.high - 1]), 60000000));
    case SINCE_FIRST:
        return PyFloat_FromDouble(quotient(order->at - at_of(&view.log[view.low]), 86400000000));
    case GAP_VARIATION:
        if (size < 3) Py_RETURN_NONE;
        return gap_variation(&view, order->at);
    case STD:
    case ZSCORE:
        return spread(reading, &view, order);
    default:
        return place_reading(reading, &view, order);
    }
}
