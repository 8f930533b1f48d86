#include "core.h"

static int grow(Records *records) {
    uint32_t size = records->blocks ? records->mask + 1 : 0, wanted = size ? size * 2 : 16;
    Record **blocks = PyMem_RawCalloc(wanted, sizeof(Record *));
    if (!blocks) return -1;
    uint32_t block = records->first >> BLOCK_BITS;
    for (uint32_t i = 0; i < size; i++, block++)
        blocks[block & (UINT32_MAX >> BLOCK_BITS) & (wanted - 1)] =
            records->blocks[block & records->mask];
    PyMem_RawFree(records->blocks);
    records->blocks = blocks;
    records->mask = wanted - 1;
    return 0;
}

int records_append(Records *records, const Record *record) {
    uint32_t block = records->end >> BLOCK_BITS;
    /* Numbers of blocks wrap as those of records do, at fewer bits. */
    uint32_t ahead = (block - (records->first >> BLOCK_BITS)) & (UINT32_MAX >> BLOCK_BITS);
    if (!records->blocks || ahead > records->mask)
        if (grow(records)) return -1;
    Record **place = &records->blocks[block & records->mask];
    if (!*place && (*place = records->spare)) memcpy(&records->spare, *place, sizeof(Record *));
    if (!*place && !(*place = arena_block(records->arena, BLOCK * sizeof(Record)))) return -1;
    *record_at(records, records->end) = *record;
    records->end++;
    return 0;
}

void records_drop_first(Records *records) {
    uint32_t block = records->first >> BLOCK_BITS;
    records->first++;
    if (records->first >> BLOCK_BITS != block) {
        Record **place = &records->blocks[block & records->mask];
        memcpy(*place, &records->spare, sizeof(Record *));
        records->spare = *place;
        *place = NULL;
    }
}

void records_close(Records *records) {
    PyMem_RawFree(records->blocks);
    *records = (Records){0};
}
