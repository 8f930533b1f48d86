/* A hash table from texts to Names; Names stand in blocks, so that they never move. */
#include "core.h"

static inline uint32_t folded(Py_hash_t hash) {
    return (uint32_t)((uint64_t)hash ^ (uint64_t)hash >> 32);
}

static size_t size_of(const Text *text) {
    return sizeof(Text) + (size_t)text->length * (size_t)text->kind;
}

static Text *copied(Arena *arena, PyObject *from) {
    Text head = {(uint32_t)PyUnicode_GET_LENGTH(from), (int)PyUnicode_KIND(from)};
    Text *text = arena_take(arena, size_of(&head));
    if (!text) return NULL;
    *text = head;
    memcpy(text->characters, PyUnicode_DATA(from), size_of(text) - sizeof(Text));
    return text;
}

PyObject *text_as_python(const Text *text) {
    return PyUnicode_FromKindAndData(text->kind, text->characters, (Py_ssize_t)text->length);
}

static bool equal(const Text *a, PyObject *b) {
    return (Py_ssize_t)a->length == PyUnicode_GET_LENGTH(b) && a->kind == (int)PyUnicode_KIND(b) &&
           !memcmp(a->characters, PyUnicode_DATA(b), size_of(a) - sizeof(Text));
}

int pool_open(Pool *pool, Arena *arena, int kinds) {
    *pool = (Pool){.arena = arena,
                   .mask = 63,
                   .sharing = kinds,
                   .stride = sizeof(Name) + (size_t)kinds * sizeof(Held),
                   .end = 1};
    pool->slots = large_new(64 * sizeof(*pool->slots));
    return pool->slots ? 0 : -1;
}

static int grow(Pool *pool) {
    uint32_t wanted = (pool->mask + 1) * 2, mask = wanted - 1;
    void *memory = large_new(wanted * sizeof(*pool->slots));
    if (!memory) return -1;
    typeof(pool->slots) slots = memory;
    for (uint32_t i = 0; i <= pool->mask; i++) {
        if (!pool->slots[i].id) continue;
        uint32_t j = pool->slots[i].tag & mask;
        while (slots[j].id) j = (j + 1) & mask;
        slots[j] = pool->slots[i];
    }
    free(pool->slots);
    pool->slots = slots;
    pool->mask = mask;
    return 0;
}

/* A new Name, from the free ones or from the end; 0 without memory. */
static Id fresh(Pool *pool) {
    Id id = pool->free;
    if (id) {
        pool->free = name_at(pool, id)->references;
        return id;
    }
    id = pool->end;
    uint32_t block = id >> BLOCK_BITS;
    if (!pool->blocks || !(id & (BLOCK - 1))) {
        if (!(block & (block - 1))) { /* the directory is full at each power of two */
            size_t wanted = block ? block * 2 : 1;
            char **blocks = PyMem_RawRealloc(pool->blocks, wanted * sizeof(char *));
            if (!blocks) return 0;
            pool->blocks = blocks;
        }
        if (!(pool->blocks[block] = arena_block(pool->arena, BLOCK * pool->stride))) return 0;
    }
    pool->end++;
    return id;
}

int pool_begin(const Pool *pool, PyObject *text, Search *search) {
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "a key must be text, not %R", text);
        return -1;
    }
    *search = (Search){text, folded(PyObject_Hash(text)), 0};
    __builtin_prefetch(&pool->slots[search->tag & pool->mask]);
    return 0;
}

void pool_guess(const Pool *pool, Search *search) {
    uint32_t i = search->tag & pool->mask;
    while (pool->slots[i].id && pool->slots[i].tag != search->tag) i = (i + 1) & pool->mask;
    search->likely = pool->slots[i].id;
    if (search->likely) __builtin_prefetch(name_at(pool, search->likely));
}

Id pool_intern(Pool *pool, const Search *search) {
    PyObject *text = search->text;
    uint32_t tag = search->tag, i = tag & pool->mask;
    if (search->likely && equal(name_at(pool, search->likely)->text, text)) return search->likely;
    for (; pool->slots[i].id; i = (i + 1) & pool->mask)
        if (pool->slots[i].tag == tag && equal(name_at(pool, pool->slots[i].id)->text, text))
            return pool->slots[i].id;
    if ((pool->used + 1) * 3ull > (pool->mask + 1) * 2ull) {
        if (grow(pool)) return PyErr_NoMemory(), 0;
        for (i = tag & pool->mask; pool->slots[i].id;) i = (i + 1) & pool->mask;
    }
    Text *copy = copied(pool->arena, text);
    Id id = copy ? fresh(pool) : 0;
    if (!id) {
        if (copy) arena_give_back(pool->arena, copy, size_of(copy));
        return PyErr_NoMemory(), 0;
    }
    Name *name = name_at(pool, id);
    memset(name, 0, pool->stride);
    name->text = copy;
    name->tag = tag;
    pool->slots[i].tag = tag;
    pool->slots[i].id = id;
    pool->used++;
    return id;
}

bool name_is(const Name *name, const Name *other) {
    const Text *a = name->text, *b = other->text;
    return name->tag == other->tag && a->length == b->length && a->kind == b->kind &&
           !memcmp(a->characters, b->characters, size_of(a) - sizeof(Text));
}

Id pool_find(const Pool *pool, const Name *other) {
    uint32_t i = other->tag & pool->mask;
    while (pool->slots[i].id && !(pool->slots[i].tag == other->tag &&
                                  name_is(name_at(pool, pool->slots[i].id), other)))
        i = (i + 1) & pool->mask;
    return pool->slots[i].id;
}

void pool_remove(Pool *pool, Id id) {
    Name *name = name_at(pool, id);
    uint32_t mask = pool->mask, hole = name->tag & mask;
    while (pool->slots[hole].id != id) hole = (hole + 1) & mask;
    for (uint32_t i = (hole + 1) & mask; pool->slots[i].id; i = (i + 1) & mask) {
        if (((i - pool->slots[i].tag) & mask) >= ((i - hole) & mask)) {
            pool->slots[hole] = pool->slots[i];
            hole = i;
        }
    }
    pool->slots[hole].id = 0;
    pool->used--;
    arena_give_back(pool->arena, name->text, size_of(name->text));
    name->text = NULL;
    name->references = pool->free;
    pool->free = id;
}

void pool_close(Pool *pool) {
    for (Id id = 1; id < pool->end; id++) {
        Text *text = name_at(pool, id)->text;
        if (text) arena_give_back(pool->arena, text, size_of(text));
    }
    PyMem_RawFree(pool->blocks);
    free(pool->slots);
    *pool = (Pool){0};
}
