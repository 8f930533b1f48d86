#include "core.h"

static int grow(Records *records) {
    uint32_t size = records->blocks ? records->mask + 1 : 0, wanted = size ? size * 2 : 16;
    Record **blocks = PyMem_RawCalloc(wanted, sizeof(Record *));
    if (!blocks) return -1;
    uint32_t block = records->first >> BLOCK_BITS;
    for (uint32_t i = 0; i < size; i++, block++)
        blocks[block & (wanted - 1)] = records->blocks[block & records->mask];
    PyMem_RawFree(records->blocks);
    records->blocks = blocks;
    records->mask = wanted - 1;
    return 0;
}

int records_append(Records *records, const Record *record) {
    uint32_t block = records->end >> BLOCK_BITS;
    if (!records->blocks || block - (records->first >> BLOCK_BITS) > records->mask)
        if (grow(records)) return -1;
    Record **place = &records->blocks[block & records->mask];
    if (!*place && !(*place = PyMem_RawMalloc(BLOCK * sizeof(Record)))) return -1;
    *record_at(records, records->end) = *record;
    records->end++;
    return 0;
}

void records_drop_first(Records *records) {
    uint32_t block = records->first >> BLOCK_BITS;
    records->first++;
    if (records->first >> BLOCK_BITS != block) {
        PyMem_RawFree(records->blocks[block & records->mask]);
        records->blocks[block & records->mask] = NULL;
    }
}

void records_clear(Records *records) {
    for (uint32_t i = 0; records->blocks && i <= records->mask; i++)
        PyMem_RawFree(records->blocks[i]);
    PyMem_RawFree(records->blocks);
    *records = (Records){0};
}
