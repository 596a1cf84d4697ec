/* Tables made of bars, by handlers over every kind of store: what they hold,
 * where a span ends, what was known when, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/api/asking_over.h"
#include "tests/support/bar_maker.h"
#include "tests/support/batch_maker.h"

#define FACT(id)                                                               \
    "{\"security_id\":" #id ",\"attribute\":\"x\",\"value\":1,"                \
    "\"effective_date\":\"2024-01-01\"}\n"

/*
 * Security 5 has facts alone. 1 has a week over the turn of a year, with its
 * Thursday in the old one, then a gap; of its bars one is restated by tx 3. 2
 * has one bar, the last day that there is.
 */
static void
load(struct asking_over *over, enum store_kind kind)
{
    asking_over_init(over, kind);
    asking_facts(&over->a, FACT(5));
    bars_append(over->a.service.store,
                "1 2020-12-27 polygon 60 60 60 60 60 10\n"
                "1 2020-12-28 polygon 65.10 66.5 64 65 64.9 1000 1.5 2.50\n"
                "1 2020-12-31 polygon 66 66.50 64.0 65.5 - 1001\n"
                "1 2021-01-02 default 65.4 65.4 65.4 66.20\n"
                "1 2021-03-31 default 7 9 6 8\n"
                "2 9999-12-31 default 0.000000001 1 0 1 - 0\n");
    bars_append(over->a.service.store,
                "1 2020-12-31 \"re,stated\" 70 71 69 70\n");
}

#define COLUMNS                                                                \
    "{\"columns\":[\"security_id\",\"date\",\"open\",\"high\",\"low\","        \
    "\"close\",\"adj_close\",\"volume\",\"pre_market\",\"after_hours\","       \
    "\"source\"],\"rows\":["
#define END "],\"next_cursor\":null}"
#define PRICES(open, high, low, close)                                         \
    "\"open\":" open ",\"high\":" high ",\"low\":" low ",\"close\":" close     \
    ",\"adj_close\":"
#define DEC_27                                                                 \
    "{\"security_id\":1,\"date\":\"2020-12-27\"," PRICES(                      \
        "60", "60", "60", "60") "60,\"volume\":10,\"pre_market\":null,"        \
                                "\"after_hours\":null,\"source\":\"polygon\"}"
#define DEC_28                                                                 \
    "{\"security_id\":1,\"date\":\"2020-12-28\"," PRICES(                      \
        "65.10", "66.5", "64",                                                 \
        "65") "64.9,\"volume\":1000,\"pre_market\":1.5,\"after_hours\":2.50,"  \
              "\"source\":\"polygon\"}"
#define DEC_31_OLD                                                             \
    "{\"security_id\":1,\"date\":\"2020-12-31\"," PRICES(                      \
        "66", "66.50", "64.0",                                                 \
        "65.5") "null,\"volume\":1001,\"pre_market\":null,"                    \
                "\"after_hours\":null,\"source\":\"polygon\"}"
#define NO_MORE "null,\"volume\":null,\"pre_market\":null,\"after_hours\":null,"
#define DEC_31                                                                 \
    "{\"security_id\":1,\"date\":\"2020-12-31\"," PRICES(                      \
        "70", "71", "69", "70") NO_MORE "\"source\":\"\\\"re,stated\\\"\"}"
#define JAN_2                                                                  \
    "{\"security_id\":1,\"date\":\"2021-01-02\"," PRICES(                      \
        "65.4", "65.4", "65.4", "66.20") NO_MORE "\"source\":\"default\"}"
#define MAR_31                                                                 \
    "{\"security_id\":1,\"date\":\"2021-03-31\"," PRICES("7", "9", "6", "8")   \
        NO_MORE "\"source\":\"default\"}"
#define LAST_DAY                                                               \
    "{\"security_id\":2,\"date\":\"9999-12-31\"," PRICES(                      \
        "0.000000001", "1", "0",                                               \
        "1") "null,\"volume\":0,\"pre_market\":null,\"after_hours\":null,"     \
             "\"source\":\"default\"}"

#define SUMMARY_HEAD(number)                                                   \
    "{\"columns\":[\"security_id\",\"period_start\",\"period_end\","           \
    "\"year\"," number "\"days\",\"average_open\",\"average_high\","           \
    "\"average_low\",\"average_close\",\"average_volume\",\"first_open\","     \
    "\"max_high\",\"min_low\",\"last_close\"],\"rows\":["
#define PERIOD(start, end, year)                                               \
    "{\"security_id\":1,\"period_start\":\"" start "\",\"period_end\":\"" end  \
    "\",\"year\":" year ","
#define AVERAGES(days, open, high, low, close, volume)                         \
    "\"days\":" days ",\"average_open\":" open ",\"average_high\":" high       \
    ",\"average_low\":" low ",\"average_close\":" close                        \
    ",\"average_volume\":" volume
#define EXTREMES(first, max, min, last)                                        \
    ",\"first_open\":" first ",\"max_high\":" max ",\"min_low\":" min          \
    ",\"last_close\":" last "}"
#define WEEK_53                                                                \
    PERIOD("2020-12-28", "2021-01-04", "2020")                                 \
    "\"week\":53," AVERAGES("3", "66.83333333", "67.63333333", "66.13333333",  \
                            "67.06666667", "1000")                             \
        EXTREMES("65.10", "71", "64", "66.20")
#define MARCH                                                                  \
    AVERAGES("1", "7", "9", "6", "8", "null") EXTREMES("7", "9", "6", "8")
#define WEEK_13 PERIOD("2021-03-29", "2021-04-05", "2021") "\"week\":13," MARCH
#define QUARTER_1                                                              \
    PERIOD("2021-01-01", "2021-04-01", "2021")                                 \
    "\"quarter\":1," AVERAGES("2", "36.2", "37.2", "35.7", "37.1", "null")     \
        EXTREMES("65.4", "65.4", "6", "8")
#define YEAR_9999                                                              \
    "{\"security_id\":2,\"period_start\":\"9999-01-01\","                      \
    "\"period_end\":null,\"year\":9999," AVERAGES(                             \
        "1", "0", "1", "0", "1", "0") EXTREMES("0.000000001", "1", "0", "1")

#define MA_HEAD(columns)                                                       \
    "{\"columns\":[\"security_id\",\"date\"," columns "],\"rows\":["
#define MA(date, rest) "{\"security_id\":1,\"date\":\"" date "\"," rest "}"

#define ONLY(second, columns)                                                  \
    "{\"columns\":[\"security_id\",\"" second "\"," columns "],\"rows\":["
#define START(id, start, rest)                                                 \
    "{\"security_id\":" id ",\"period_start\":\"" start "\"," rest "}"

static const struct {
    const char *target;
    int status;
    uint64_t tx;
    const char *body;
} answers[] = {
    { "/v1/securities/1/prices", 200, 3,
      COLUMNS DEC_27 "," DEC_28 "," DEC_31 "," JAN_2 "," MAR_31 END },
    { "/v1/securities/1/prices?known_tx=2&to=2021-01-02", 200, 2,
      COLUMNS DEC_27 "," DEC_28 "," DEC_31_OLD END },
    { "/v1/securities/1/prices?from=2020-12-28&to=2020-12-31", 200, 3,
      COLUMNS DEC_28 END },
    { "/v1/securities/1/prices?from=2021-01-03&to=2021-03-31", 200, 3,
      COLUMNS END },
    { "/v1/securities/1/prices?from=2021-01-03&to=2021-04-01", 200, 3,
      COLUMNS MAR_31 END },
    { "/v1/securities/1/prices?to=0001-01-01", 200, 3, COLUMNS END },
    { "/v1/securities/2/prices?from=9999-12-31", 200, 3, COLUMNS LAST_DAY END },
    { "/v1/securities/2/prices?to=9999-12-31", 200, 3, COLUMNS END },
    { "/v1/securities/5/prices", 200, 3, COLUMNS END },
    { "/v1/securities/5/prices?known_tx=0", 404, 0, NULL },
    { "/v1/securities/1/prices?known_tx=1", 404, 1, NULL },
    { "/v1/securities/3/prices", 404, 3, NULL },
    { "/v1/securities/1x/prices", 400, 3, NULL },
    { "/v1/securities/1/prices?from=2021-01-01&to=2021-01-01", 400, 3, NULL },
    { "/v1/securities/1/prices?as_of=2021-01-01", 400, 3, NULL },
    { "/v1/securities/1/prices?format=ndjson&to=2020-12-29", 200, 3,
      DEC_27 "\n" DEC_28 "\n" },
    { "/v1/securities/1/prices?format=csv&from=2020-12-31&to=2021-01-03", 200,
      3,
      "security_id,date,open,high,low,close,adj_close,volume,pre_market,"
      "after_hours,source\r\n"
      "1,2020-12-31,70,71,69,70,,,,,\"\"\"re,stated\"\"\"\r\n"
      "1,2021-01-02,65.4,65.4,65.4,66.20,,,,,default\r\n" },
    { "/v1/prices?date=2020-12-31", 200, 3, COLUMNS DEC_31 END },
    { "/v1/prices?date=9999-12-31", 200, 3, COLUMNS LAST_DAY END },
    { "/v1/prices?date=2020-12-30", 200, 3, COLUMNS END },
    { "/v1/prices?date=2020-12-30&known_tx=0", 200, 0, COLUMNS END },
    { "/v1/prices", 400, 3, NULL },
    { "/v1/prices?date=2020-02-30", 400, 3, NULL },
    { "/v1/prices?date=2020-12-31&from=2020-12-31", 400, 3, NULL },

    /* Columns that were asked for, in that order, even without rows. */
    { "/v1/securities/1/prices?columns=volume,open&from=2020-12-31"
      "&to=2021-01-01",
      200, 3,
      ONLY("date", "\"volume\",\"open\"")
          MA("2020-12-31", "\"volume\":null,\"open\":70") END },
    { "/v1/prices?date=2020-12-31&columns=source&format=csv", 200, 3,
      "security_id,date,source\r\n1,2020-12-31,\"\"\"re,stated\"\"\"\r\n" },
    { "/v1/prices?date=2020-12-31&columns=after_hours,source,close,adj_close,"
      "low,volume,high,open,pre_market&format=ndjson",
      200, 3,
      MA("2020-12-31",
         "\"after_hours\":null,\"source\":\"\\\"re,stated\\\"\",\"close\":70,"
         "\"adj_close\":null,\"low\":69,\"volume\":null,\"high\":71,"
         "\"open\":70,\"pre_market\":null") "\n" },
    { "/v1/securities/5/prices?columns=close", 200, 3,
      ONLY("date", "\"close\"") END },
    { "/v1/securities/5/prices?columns=Close", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=clos", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=close+", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=days", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=close,open,close", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=security_id", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=close,date", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=,", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=close,", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=,close", 400, 3, NULL },
    { "/v1/securities/5/prices?columns=close,,open", 400, 3, NULL },

    { "/v1/securities/1/prices/summary?period=week&from=2020-12-28", 200, 3,
      SUMMARY_HEAD("\"week\",") WEEK_53 "," WEEK_13 END },
    { "/v1/securities/1/prices/summary?period=week&to=2020-12-29", 200, 3,
      SUMMARY_HEAD("\"week\",")
          PERIOD("2020-12-21", "2020-12-28", "2020") "\"week\":52," AVERAGES(
              "1", "60", "60", "60", "60", "10")
              EXTREMES("60", "60", "60", "60") "," PERIOD(
                  "2020-12-28", "2021-01-04",
                  "2020") "\"week\":53," AVERAGES("1", "65.1", "66.5", "64",
                                                  "65", "1000")
                  EXTREMES("65.10", "66.5", "64", "65") END },
    { "/v1/securities/1/prices/summary?period=quarter&from=2021-01-01", 200, 3,
      SUMMARY_HEAD("\"quarter\",") QUARTER_1 END },
    { "/v1/securities/1/prices/summary?period=month&from=2021-01-03", 200, 3,
      SUMMARY_HEAD("\"month\",")
          PERIOD("2021-03-01", "2021-04-01", "2021") "\"month\":3," MARCH END },
    { "/v1/prices/summary?period=year&from=2021-01-03", 200, 3,
      SUMMARY_HEAD("") PERIOD("2021-01-01", "2022-01-01", "2021") MARCH
      "," YEAR_9999 END },
    { "/v1/prices/summary?period=year&to=0001-01-01", 200, 3,
      SUMMARY_HEAD("") END },
    { "/v1/securities/5/prices/summary?period=year", 200, 3,
      SUMMARY_HEAD("") END },
    { "/v1/securities/3/prices/summary?period=year", 404, 3, NULL },
    { "/v1/securities/1/prices/summary?period=week&columns=last_close,"
      "average_volume,week,days,period_end&from=2020-12-28&format=csv",
      200, 3,
      "security_id,period_start,last_close,average_volume,week,days,"
      "period_end\r\n1,2020-12-28,66.20,1000,53,3,2021-01-04\r\n"
      "1,2021-03-29,8,,13,1,2021-04-05\r\n" },
    { "/v1/prices/summary?period=quarter&columns=quarter,year"
      "&from=2021-01-03&to=2022-01-01",
      200, 3,
      ONLY("period_start", "\"quarter\",\"year\"")
          START("1", "2021-01-01", "\"quarter\":1,\"year\":2021") END },
    { "/v1/prices/summary?period=year&columns=period_end,max_high"
      "&from=2022-01-01&format=ndjson",
      200, 3,
      START("2", "9999-01-01", "\"period_end\":null,\"max_high\":1") "\n" },
    { "/v1/securities/5/prices/summary?period=month&columns=month", 200, 3,
      ONLY("period_start", "\"month\"") END },
    { "/v1/securities/5/prices/summary?period=month&columns=week", 400, 3,
      NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=month", 400, 3,
      NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=year", 200, 3,
      ONLY("period_start", "\"year\"") END },
    { "/v1/securities/5/prices/summary?period=year&columns=year,year", 400, 3,
      NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=period_start", 400,
      3, NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=days,security_id",
      400, 3, NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=days,", 400, 3,
      NULL },
    { "/v1/securities/5/prices/summary?period=year&columns=close", 400, 3,
      NULL },
    { "/v1/prices/summary", 400, 3, NULL },
    { "/v1/prices/summary?period=day", 400, 3, NULL },
    { "/v1/prices/summary?period=Week", 400, 3, NULL },

    { "/v1/securities/1/prices/moving-averages?windows=3,1,1000", 200, 3,
      MA_HEAD("\"close\",\"ma_3\",\"ma_1\",\"ma_1000\"") MA(
          "2020-12-27",
          "\"close\":60,\"ma_3\":null,\"ma_1\":60,"
          "\"ma_1000\":null") "," MA("2020-12-28",
                                     "\"close\":65,\"ma_3\":null,\"ma_1\":65,"
                                     "\"ma_1000\":null") "," MA("2020-12-31",
                                                                "\"close\":70,"
                                                                "\"ma_3\":65,"
                                                                "\"ma_1\":70,"
                                                                "\"ma_1000\":"
                                                                "null") "," MA("2021-01-02",
                                                                               "\"close\":66.20,\"ma_3\":67.06666667,"
                                                                               "\"ma_1\":66.2,\"ma_1000\":null") "," MA("2021-03-31",
                                                                                                                        "\"close\":8,\"ma_3\":48.06666667,\"ma_1\":8,"
                                                                                                                        "\"ma_1000\":null")
          END },
    /* From a day on whose window begins before, over the gap. */
    { "/v1/prices/moving-averages?windows=5&from=2021-03-31&to=2021-04-01", 200,
      3,
      MA_HEAD("\"close\",\"ma_5\"")
          MA("2021-03-31", "\"close\":8,\"ma_5\":53.84") END },
    { "/v1/prices/moving-averages?windows=6&from=2021-03-31&to=2021-04-01", 200,
      3,
      MA_HEAD("\"close\",\"ma_6\"")
          MA("2021-03-31", "\"close\":8,\"ma_6\":null") END },
    { "/v1/securities/1/prices/moving-averages?windows=2&field=volume"
      "&from=2020-12-28&to=2021-03-31&known_tx=2",
      200, 2,
      MA_HEAD("\"volume\",\"ma_2\"")
          MA("2020-12-28", "\"volume\":1000,\"ma_2\":505") "," MA(
              "2020-12-31",
              "\"volume\":1001,\"ma_2\":1000.5") "," MA("2021-01-02",
                                                        "\"volume\":null,\"ma_"
                                                        "2\":1001") END },
    { "/v1/securities/5/prices/moving-averages?windows=2", 200, 3,
      MA_HEAD("\"close\",\"ma_2\"") END },
    { "/v1/securities/3/prices/moving-averages?windows=2", 404, 3, NULL },
    { "/v1/prices/moving-averages", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=0", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=1001", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=20,20", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=20,", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=,20", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=020", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=1,2,3,4,5,6,7,8,9,10&known_tx=0", 200,
      0, NULL },
    { "/v1/prices/moving-averages?windows=1,2,3,4,5,6,7,8,9,10,11", 400, 3,
      NULL },
    { "/v1/prices/moving-averages?windows=2&field=source", 400, 3, NULL },
    { "/v1/prices/moving-averages?windows=2&columns=close", 400, 3, NULL },
};

Test(bars, are_answered_as_known)
{
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        struct asking_over over;

        load(&over, kind);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
            int status = ask(&over.a, answers[i].target);
            const char *text = asking_text(&over.a);

            cr_expect_eq(status, answers[i].status, "%s %s: %d\n%s", over.name,
                         answers[i].target, status, text);
            if (over.a.response.tx_set)
                cr_expect_eq(over.a.response.tx, answers[i].tx, "%s: %llu",
                             answers[i].target,
                             (unsigned long long)over.a.response.tx);
            if (answers[i].body != NULL)
                cr_expect_str_eq(text, answers[i].body, "%s %s:\n%s", over.name,
                                 answers[i].target, text);
        }
        asking_over_fini(&over);
    }
}

/* What a refusal says about the parameter. */
static const struct {
    const char *target, *said;
} refusals[] = {
    { "/v1/prices", "date is missing" },
    { "/v1/prices/summary", "period is missing" },
    { "/v1/prices/summary?period=fortnight", "period is unknown" },
    { "/v1/prices/moving-averages", "windows is missing" },
    { "/v1/prices/moving-averages?windows=x", "windows are" },
    { "/v1/prices/moving-averages?windows=1&field=x", "field is" },
    { "/v1/securities/3/prices", "security 3 is unknown" },
    { "/v1/prices?date=2024-01-02&columns=date",
      "date is in every row: columns does not name it" },
    { "/v1/prices?date=2024-01-02&columns=open,close,open",
      "columns names \\\"open\\\" twice" },
    { "/v1/prices?date=2024-01-02&columns=open,Low,close",
      "columns are some of open, high, low, close, adj_close, volume, "
      "pre_market, after_hours, source, with commas between them; there is no "
      "\\\"Low\\\"" },
    { "/v1/prices?date=2024-01-02&columns=open,", "there is no \\\"\\\"" },
    { "/v1/prices/summary?period=month&columns=week",
      "columns are some of period_end, year, month, days, average_open, "
      "average_high, average_low, average_close, average_volume, first_open, "
      "max_high, min_low, last_close, with commas between them; there is no "
      "\\\"week\\\"" },
    { "/v1/prices/summary?period=year&columns=year,month",
      "columns are some of period_end, year, days, average_open, " },
    { "/v1/prices/summary?period=year&columns=days,period_start",
      "period_start is in every row" },
};

Test(bars, refusals_name_the_parameter)
{
    struct asking_over over;

    load(&over, STORE_MEMORY);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        (void)ask(&over.a, refusals[i].target);
        cr_expect_not_null(strstr(asking_text(&over.a), refusals[i].said),
                           "%s: %s", refusals[i].target, asking_text(&over.a));
    }
    asking_over_fini(&over);
}

/* When an answer can never change: the known clock alone decides. */
static const struct {
    const char *target;
    bool is_final;
} finals[] = {
    { "/v1/securities/1/prices", false },
    { "/v1/securities/1/prices?known_tx=2", true },
    { "/v1/prices?date=2020-12-31", false },
    { "/v1/prices?date=2020-12-31&known_tx=3", true },
    { "/v1/prices/summary?period=year&known_tx=3", true },
    { "/v1/prices/moving-averages?windows=2&known_tx=3", true },
};

Test(bars, are_final_by_the_known_clock)
{
    struct asking_over over;

    load(&over, STORE_MEMORY);
    for (size_t i = 0; i < sizeof finals / sizeof finals[0]; i++) {
        cr_expect_eq(ask(&over.a, finals[i].target), 200);
        cr_expect_eq(over.a.response.is_final, finals[i].is_final, "%s",
                     finals[i].target);
        cr_expect(over.a.response.has_tag, "%s", finals[i].target);
    }
    asking_over_fini(&over);
}

/* A record that is no set of bars is told of, not passed over. */
Test(bars, damage_is_no_answer)
{
    static const char *const targets[] = {
        "/v1/securities/3/prices",
        "/v1/prices?date=2024-01-02&format=csv&limit=5",
        "/v1/prices/summary?period=year",
        "/v1/prices/moving-averages?windows=2",
    };
    struct batch_maker maker;
    struct asking_over over;

    load(&over, STORE_MEMORY);
    maker_init(&maker, 4, INT64_C(1718452900000000));
    maker.batch.info.kind = BATCH_PRICES;
    maker_record(&maker, 3, 19723, STR("no bar"));
    maker.records[0].kind = RECORD_BARS;
    cr_assert_eq(maker_append(over.a.service.store, &maker, NULL), OK);
    maker_fini(&maker);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        cr_expect_eq(ask(&over.a, targets[i]), 500, "%s: %s", targets[i],
                     asking_text(&over.a));
    cr_expect_eq(ask(&over.a, "/v1/securities/1/prices"), 200);
    asking_over_fini(&over);
}
