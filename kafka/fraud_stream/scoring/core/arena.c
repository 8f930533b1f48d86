#include "arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HUGE = 2 << 20,
    CHUNK = 16 * HUGE
}; /* reserved at once; only what is touched takes memory */

/* A wish: without it all is the same, only slower. */
static void wish_for_huge_pages(void *memory, size_t size) {
#ifdef MADV_HUGEPAGE
    madvise(memory, size, MADV_HUGEPAGE);
#else
    (void)memory, (void)size;
#endif
}

void *large_new(size_t size) {
    if (size % HUGE) return calloc(1, size);
    void *memory = aligned_alloc(HUGE, size);
    if (!memory) return NULL;
    wish_for_huge_pages(memory, size);
    return memset(memory, 0, size);
}

static int new_chunk(Arena *arena) {
    if (!(arena->count & (arena->count + 1))) { /* the directory is full below each power of two */
        void **chunks = realloc(arena->chunks, (2 * arena->count + 2) * sizeof(void *));
        if (!chunks) return -1;
        arena->chunks = chunks;
    }
    void *chunk = aligned_alloc(HUGE, CHUNK);
    if (!chunk) return -1;
    wish_for_huge_pages(chunk, CHUNK);
    arena->chunks[arena->count++] = chunk;
    arena->at = chunk;
    arena->end = arena->at + CHUNK;
    return 0;
}

void *arena_block(Arena *arena, size_t size) {
    size = (size + GRAIN - 1) / GRAIN * GRAIN;
    if ((size_t)(arena->end - arena->at) < size && new_chunk(arena)) return NULL;
    void *block = arena->at;
    arena->at += size;
    return block;
}

void *arena_take(Arena *arena, size_t size) {
    if (size > LARGEST) return malloc(size);
    void **given_back = &arena->given_back[(size + GRAIN - 1) / GRAIN], *thing = *given_back;
    if (!thing) return arena_block(arena, size);
    *given_back = *(void **)thing;
    return thing;
}

void arena_give_back(Arena *arena, void *thing, size_t size) {
    if (size > LARGEST) {
        free(thing);
        return;
    }
    void **given_back = &arena->given_back[(size + GRAIN - 1) / GRAIN];
    *(void **)thing = *given_back;
    *given_back = thing;
}

void arena_close(Arena *arena) {
    for (size_t i = 0; i < arena->count; i++) free(arena->chunks[i]);
    free(arena->chunks);
    *arena = (Arena){0};
}
