/* How records are written as columns of whole numbers: what columns.py says, in C. */
#ifndef COLUMNS_H
#define COLUMNS_H
#include "core.h"

enum { ORDER_COLUMNS = 2 + TEXTS + 5, LABEL_COLUMNS = 5 };

typedef struct {
    enum { TIME, FLAG_OF, AMOUNT, KEY, AXIS } holds;
    int which; /* mark, text or axis */
} Column;

static const Column IN_ORDERS[ORDER_COLUMNS] = {
    {TIME, 0},      {AMOUNT, 0},   {KEY, CURRENCY}, {KEY, CUSTOMER},     {KEY, DEVICE},
    {KEY, IP},      {KEY, CARD},   {KEY, EMAIL},    {KEY, ADDRESS},      {KEY, VOUCHER},
    {KEY, SHOP},    {KEY, OWNER},  {KEY, CATEGORY}, {AXIS, 0},           {AXIS, 1},
    {AXIS, 2},      {FLAG_OF, DECLINED},            {FLAG_OF, REFUND},
};
static const Column IN_LABELS[LABEL_COLUMNS] = {
    {TIME, 0}, {FLAG_OF, FRAUD}, {KEY, SHOP}, {KEY, DEVICE}, {KEY, CARD},
};
static const int WIDTH[] = {[TIME] = 8, [FLAG_OF] = 1, [AMOUNT] = 8, [KEY] = 4, [AXIS] = 4};

static inline void put(unsigned char *place, uint64_t value, int width) {
    for (int i = 0; i < width; i++) place[i] = (unsigned char)(value >> 8 * i);
}

static inline uint64_t get(const unsigned char *place, int width) {
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value |= (uint64_t)place[i] << 8 * i;
    return value;
}

#endif
