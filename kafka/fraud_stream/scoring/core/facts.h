/* Functions of the module that facts are computed with. */
#ifndef FACTS_H
#define FACTS_H
#include "core.h"

extern PyMethodDef FACT_FUNCTIONS[];
int facts_open(void);

#endif
