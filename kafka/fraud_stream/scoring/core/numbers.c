#include "numbers.h"

#include <math.h>

static const int64_t EXACT = (int64_t)1 << 53;
static const double EARTH_KM = 6371.0, UNIT = 10000000.0;

static int bits(unsigned __int128 number) {
    uint64_t high = (uint64_t)(number >> 64), low = (uint64_t)number;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

double quotient(Wide a, Wide b) {
    if (-EXACT <= a && a <= EXACT && b <= EXACT) return (double)(int64_t)a / (double)(int64_t)b;
    unsigned __int128 top = a < 0 ? -(unsigned __int128)a : (unsigned __int128)a;
    unsigned __int128 bottom = (unsigned __int128)b;
    /* A quotient of 55 bits or more, its last bit set when something is left over, rounds right. */
    int shift = 55 - (bits(top) - bits(bottom));
    if (shift < 0) shift = 0;
    top <<= shift;
    unsigned __int128 whole = top / bottom;
    if (whole * bottom != top) whole |= 1;
    double found = ldexp((double)whole, -shift);
    return a < 0 ? -found : found;
}

static double arc(double squares) {
    double chord = sqrt(squares) / (2 * UNIT);
    return 2 * EARTH_KM * asin(chord < 1.0 ? chord : 1.0);
}

double kilometres(const int32_t *a, const int32_t *b) {
    int64_t x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return arc((double)(x * x + y * y + z * z));
}

bool kilometres_from_middle(const int32_t *a, const int64_t *sum, double *found) {
    Wide squares = (Wide)sum[0] * sum[0] + (Wide)sum[1] * sum[1] + (Wide)sum[2] * sum[2];
    double length = sqrt((double)squares), squared = 0, apart[3];
    if (length == 0) return false;
    for (int i = 0; i < 3; i++) apart[i] = a[i] - (double)((Wide)10000000 * sum[i]) / length;
    squared = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2];
    *found = arc(squared);
    return true;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Few are put where they belong one by one, which is quickest. */
void sort_amounts(int64_t *amounts, uint32_t size) {
    if (size > FEW) {
        qsort(amounts, size, sizeof(int64_t), by_size);
        return;
    }
    for (uint32_t i = 1; i < size; i++) {
        int64_t amount = amounts[i];
        uint32_t at = i;
        for (; at && amounts[at - 1] > amount; at--) amounts[at] = amounts[at - 1];
        amounts[at] = amount;
    }
}
