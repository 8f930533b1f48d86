/* Memory for many small things that live long: without headers, and in huge pages where the system
 * gives them, since a state of some hundred megabytes spends more time on finding pages than on
 * reading them. What is given back is used again for things of its size. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

enum { GRAIN = 16, LARGEST = 512 }; /* bytes; larger things come from malloc */

typedef struct {
    void *given_back[LARGEST / GRAIN + 1];
    char *at, *end;
    void **chunks;
    size_t count;
} Arena;

void *arena_take(Arena *arena, size_t size); /* not cleared; NULL without memory */
void arena_give_back(Arena *arena, void *thing, size_t size);
void *arena_block(Arena *arena, size_t size); /* a larger piece that is never given back */
void arena_close(Arena *arena);

void *large_new(size_t size); /* cleared, for free(); NULL without memory */

#endif
