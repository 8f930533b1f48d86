/* Arithmetic that gives the very doubles that Python's gives. */
#ifndef NUMBERS_H
#define NUMBERS_H
#include "core.h"

/* a / b of whole numbers, b > 0, rounded once to the nearest double, as Python divides ints. */
double quotient(Wide a, Wide b);

enum { FEW = 64 }; /* amounts that are sorted one by one */
void sort_amounts(int64_t *amounts, uint32_t size);

/* order/geography.py in C. */
double kilometres(const int32_t *a, const int32_t *b);
bool kilometres_from_middle(const int32_t *a, const int64_t *sum, double *found);

#endif
