/* Open addressing with linear probing; an empty cell has value 0, which is never counted. */
#include "core.h"

static inline uint32_t home(Id value) { return value * 2654435769u >> 7; }

static Counts *sized(uint32_t cells) {
    Counts *counts = PyMem_RawCalloc(1, sizeof(Counts) + cells * sizeof(counts->cells[0]));
    if (counts) counts->mask = cells - 1;
    return counts;
}

Counts *counts_new(void) { return sized(64); }

static uint32_t find(const Counts *counts, Id value) {
    uint32_t i = home(value) & counts->mask;
    while (counts->cells[i].value && counts->cells[i].value != value) i = (i + 1) & counts->mask;
    return i;
}

static int grow(Counts **counts) {
    Counts *old = *counts, *grown = sized((old->mask + 1) * 2);
    if (!grown) return -1;
    for (uint32_t i = 0; i <= old->mask; i++)
        if (old->cells[i].value) grown->cells[find(grown, old->cells[i].value)] = old->cells[i];
    grown->used = old->used;
    PyMem_RawFree(old);
    *counts = grown;
    return 0;
}

int counts_add(Counts **counts, Id value) {
    if (!value) return 0;
    if (((*counts)->used + 1) * 4 > ((*counts)->mask + 1) * 3 && grow(counts)) return -1;
    uint32_t i = find(*counts, value);
    if (!(*counts)->cells[i].count++) {
        (*counts)->cells[i].value = value;
        (*counts)->used++;
    }
    return 0;
}

void counts_take(Counts *counts, Id value) {
    if (!value) return;
    uint32_t hole = find(counts, value), mask = counts->mask;
    if (--counts->cells[hole].count) return;
    counts->used--;
    /* Close the hole: move up what would no longer be found behind it. */
    for (uint32_t i = (hole + 1) & mask; counts->cells[i].value; i = (i + 1) & mask) {
        uint32_t from_home = (i - home(counts->cells[i].value)) & mask;
        if (from_home >= ((i - hole) & mask)) {
            counts->cells[hole] = counts->cells[i];
            hole = i;
        }
    }
    counts->cells[hole].value = 0;
    counts->cells[hole].count = 0;
}

uint32_t counts_of(const Counts *counts, Id value) {
    return value ? counts->cells[find(counts, value)].count : 0;
}
