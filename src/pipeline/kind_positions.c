/* A portfolio's positions of a day: its name becomes an id, they a record. */
#include "kind.h"

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    const struct portfolio_day *day = job->day;
    struct name_use portfolio;

    TRY(commit_reserve(commit, &(struct commit_room){ .records = 1 }));
    TRY(name_changes_use(&commit->names, NAMES_PORTFOLIOS, day->portfolio,
                         info->tx, &portfolio));
    out_str(&commit->payload, day->payload);
    commit->records[commit->record_count++] = (struct record){
        .kind = RECORD_POSITIONS,
        .security_id = portfolio.id,
        .effective = day->date,
        .tx = info->tx,
        .payload = { .len = day->payload.len },
    };
    return OK;
}

const struct job_kind kind_positions = { .admit = admit };
