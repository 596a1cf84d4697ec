/* Requests at random moments, restarts and clocks that are set: whatever comes,
 * no 60 seconds as the vendor sees them hold too many. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/pipeline/rate_limit.h"

#define S INT64_C(1000000)

struct limits {
    uint32_t per_minute, burst;
};

static struct rate_limit
limit_of(struct limits limits)
{
    struct rate_limit limit;

    cr_assert_eq(rate_limit_init(&limit, limits.per_minute, limits.burst), OK);
    return limit;
}

/*
 * A world with a true time, the limiter's clock beside it, and what the vendor
 * saw. The state is kept when a request was let through, and a restart finds
 * just that.
 */
#define SEEN_MAX 4000
struct world {
    struct limits limits;
    struct rate_limit limit;
    struct out kept;
    int64_t true_us, ahead_us; /* of true time, by the clock */
    int64_t seen[SEEN_MAX];
    size_t seen_count;
};

static int64_t
random_below(int64_t below)
{
    return ((int64_t)rand() << 31 | rand()) % below;
}

static int64_t
clock_of(const struct world *world)
{
    return world->true_us + world->ahead_us;
}

/* Of every kind of length: none, a moment, an interval, minutes. */
static int64_t
random_pause(void)
{
    static const int64_t scales[] = { 1, 1000, S, 15 * S, 70 * S, 300 * S };

    return random_below(scales[rand() % 6]);
}

static void
world_restart(struct world *world)
{
    struct why why = { "" };

    rate_limit_fini(&world->limit);
    world->limit = limit_of(world->limits);
    world->ahead_us = random_below(4000000 * S) - 2000000 * S;
    if (out_text(&world->kept).len > 0)
        cr_assert_eq(rate_limit_decode(&world->limit, out_text(&world->kept),
                                       clock_of(world), &why),
                     OK, "%s", why.text);
}

/* Each arrives late by up to the margin. */
static void
world_take(struct world *world, const char *row)
{
    int64_t wait_us = rate_limit_take(&world->limit, clock_of(world));

    cr_assert_geq(wait_us, 0, "%s", row);
    cr_assert_leq(wait_us, RATE_LIMIT_WINDOW_US, "%s", row);
    if (wait_us > 0 && rand() % 2 == 0) {
        world->true_us += wait_us - 1;
        cr_assert_eq(rate_limit_take(&world->limit, clock_of(world)), 1,
                     "%s: a microsecond early", row);
        world->true_us++;
        wait_us = rate_limit_take(&world->limit, clock_of(world));
        cr_assert_eq(wait_us, 0, "%s: when told", row);
    }
    if (wait_us > 0)
        return;
    world->seen[world->seen_count++] =
        world->true_us + random_below(RATE_LIMIT_MARGIN_US);
    out_reset(&world->kept);
    rate_limit_encode(&world->limit, clock_of(world), &world->kept);
}

static int
compare_moments(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

/* Any 60 s that hold a request and the per_minute-th after it hold too many. */
static void
world_check(struct world *world, const char *row)
{
    size_t apart = world->limits.per_minute;

    qsort(world->seen, world->seen_count, sizeof world->seen[0],
          compare_moments);
    for (size_t i = 0; i + apart < world->seen_count; i++)
        cr_assert_gt(world->seen[i + apart] - world->seen[i], 60 * S,
                     "%s: requests %zu to %zu", row, i, i + apart);
}

Test(rate_limit_random, lets_no_minute_hold_too_many_whatever_the_clock_does)
{
    static struct world world;
    size_t seen = 0;

    for (unsigned seed = 1; seed <= 200; seed++) {
        char row[32];

        (void)snprintf(row, sizeof row, "seed %u", seed);
        srand(seed);
        world =
            (struct world){ .limits.per_minute = 1 + (uint32_t)rand() % 12 };
        world.limits.burst = 1 + (uint32_t)rand() % world.limits.per_minute;
        world.limit = limit_of(world.limits);
        out_init(&world.kept, SIZE_MAX);
        for (int step = 0; step < 3000; step++) {
            world.true_us += random_pause() / (1 + rand() % 30);
            if (rand() % 40 == 0)
                world_restart(&world);
            /* A clock goes back in its own lifetime too, never forward. */
            if (rand() % 60 == 0)
                world.ahead_us -= random_below(100 * S);
            world_take(&world, row);
        }
        world_check(&world, row);
        seen += world.seen_count;
        out_fini(&world.kept);
        rate_limit_fini(&world.limit);
    }
    cr_expect_gt(seen, 100000, "only %zu requests", seen);
}
