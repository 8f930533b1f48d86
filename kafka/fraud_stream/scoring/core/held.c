/* The entities that a name leads to: mostly one. Kinds that keep currencies apart have one in each
 * that the name was seen with, and those stand side by side: following a list from one to the next
 * would wait for the memory of each.
 */
#include "core.h"

typedef struct {
    uint32_t count, room;
    struct {
        Entity *entity;
        Id currency;
    } of[];
} Several;

static Several *several(Held held) { return held & 1 ? (Several *)(held - 1) : NULL; }

static size_t size_of(uint32_t room) {
    return sizeof(Several) + room * sizeof(((Several *)0)->of[0]);
}

uint32_t held_count(Held held) {
    const Several *all = several(held);
    return all ? all->count : held != 0;
}

Entity *held_at(Held held, uint32_t number) {
    const Several *all = several(held);
    return all ? all->of[number].entity : (Entity *)held;
}

Entity *held_in(Held held, Id currency) {
    const Several *all = several(held);
    if (!all) return held && ((Entity *)held)->currency == currency ? (Entity *)held : NULL;
    for (uint32_t i = 0; i < all->count; i++)
        if (all->of[i].currency == currency) return all->of[i].entity;
    return NULL;
}

static Several *with_room(Arena *arena, Held held) {
    Several *all = several(held);
    if (all && all->count < all->room) return all;
    uint32_t room = all ? all->room * 2 : 4, count = held_count(held);
    Several *more = arena_take(arena, size_of(room));
    if (!more) return NULL;
    more->count = count;
    more->room = room;
    for (uint32_t i = 0; i < count; i++) {
        more->of[i].entity = held_at(held, i);
        more->of[i].currency = more->of[i].entity->currency;
    }
    if (all) arena_give_back(arena, all, size_of(all->room));
    return more;
}

int held_add(Held *held, Arena *arena, Entity *entity) {
    if (!*held) {
        *held = (Held)entity;
        return 0;
    }
    Several *all = with_room(arena, *held);
    if (!all) return -1;
    all->of[all->count].entity = entity;
    all->of[all->count++].currency = entity->currency;
    *held = (Held)all + 1;
    return 0;
}

void held_close(Held *held, Arena *arena) {
    Several *all = several(*held);
    if (all) arena_give_back(arena, all, size_of(all->room));
    *held = 0;
}
