/* A fact in an answer, with when and by whom it was told. */
#include "told_fact.h"

void
told_fact_print(struct out *out, const struct store *store,
                const struct told_fact *fact)
{
    char moment[INSTANT_TEXT_BYTES];

    instant_format(fact->recorded_at, moment);
    out_print(out, "{\"tx\":%llu,\"recorded_at\":\"%.*s\",\"security_id\":%lld",
              (unsigned long long)fact->tx, INSTANT_TEXT_BYTES, moment,
              (long long)fact->security_id);
    out_str(out, STR(",\"attribute\":"));
    out_json(out, names_text(store->attributes, fact->attribute));
    out_str(out, STR(",\"value\":"));
    value_json(out, fact->value);
    out_str(out, STR(",\"effective_date\":\""));
    out_date(out, fact->effective);
    out_str(out, STR("\",\"source\":"));
    out_json(out, names_text(store->sources, fact->source));
    out_print(out, ",\"op\":\"%s\"",
              fact->op == FACT_ASSERT ? "assert" : "retract");
}
