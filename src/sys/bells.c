/* Who wants to be woken by every commit. */
#include "secmaster/bells.h"

#include <assert.h>

struct bell *
bells_add(struct bells *bells, struct inbox *inbox)
{
    unsigned count = atomic_load(&bells->count);

    assert(count < LOOPS_MAX);
    bells->items[count].bells = bells;
    bells->items[count].inbox = inbox;
    atomic_init(&bells->items[count].is_wanted, false);
    atomic_store_explicit(&bells->count, count + 1, memory_order_release);
    return &bells->items[count];
}

/*
 * Who wants the bell takes a turn before it looks at what is published, who
 * rings takes one behind what it has published. Whichever turn comes second
 * sees what the other did before its own: the publication, or the wish.
 */
static void
take_turn(struct bells *bells)
{
    (void)atomic_fetch_add_explicit(&bells->turns, 1, memory_order_acq_rel);
}

void
bell_want(struct bell *bell, bool is_wanted)
{
    atomic_store_explicit(&bell->is_wanted, is_wanted, memory_order_relaxed);
    take_turn(bell->bells);
}

void
bells_ring(struct bells *bells)
{
    unsigned count = atomic_load_explicit(&bells->count, memory_order_acquire);

    take_turn(bells);
    for (unsigned i = 0; i < count; i++)
        if (atomic_load_explicit(&bells->items[i].is_wanted,
                                 memory_order_relaxed))
            inbox_wake(bells->items[i].inbox);
}
