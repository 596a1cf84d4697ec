/* What a run puts into the store, and how it ends. */
#ifndef PIPELINE_LIVE_COMMIT_H
#define PIPELINE_LIVE_COMMIT_H

#include "engine_inside.h"

/* live_scope.c: the days or the moment that a run which begins asks from. */
void live_scope(struct engine *engine, struct live *live);

/* What its asks come to, the list of which is made: of one that has none it is
 * its first page that tells them from others. */
enum err live_plan_known(struct live *live, struct run_plan *out);

/* What is asked for the page at hand, into live->asked. */
enum err live_compose(struct live *live);

/* Where the page at hand is archived, and the day that it is about. */
struct archive_page live_page(const struct live *live);
struct date live_day(const struct live *live);

/* live_commit.c: what of the listing is new; NULL: nothing. */
struct batch *live_facts(const struct live *live);

/* What a publication that is judged comes to. */
struct run_counts live_counts(const struct publication *publication);

/* Put the run's record as it is. */
enum err live_put(struct engine *engine, struct live *live);

/* Where the run ended well, the dataset goes on behind it: put that, and (once
 * it is on disk) go by it. */
void live_watermark(struct live *live, struct changes *changes);
void live_move_watermark(struct live *live);

/* These return false where the store could not take it; nothing has changed
 * then. Behind live_finish, and live_publish of a whole, live may be gone. */
bool live_publish(struct engine *engine, struct live *live);
bool live_quarantine(struct engine *engine, struct live *live);
bool live_finish(struct engine *engine, struct live *live);

#endif
