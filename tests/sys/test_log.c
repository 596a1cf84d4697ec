/* The log: its lines, and that nothing ever waits for their reader. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/bounds.h"
#include "secmaster/clock.h"
#include "secmaster/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_LEN (sizeof "{\"time\":\"2026-11-20T20:00:00.000001Z\"" - 1)

static int reader;

/* Standard error becomes a pipe that we read. */
static void
catch_log(void)
{
    int ends[2];

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
}

/* What is there, up to size - 1 bytes, waiting at most so long for more. */
static size_t
read_log(char *text, size_t size, int wait_ms)
{
    struct pollfd end = { .fd = reader, .events = POLLIN };
    size_t len = 0;

    while (len < size - 1 && poll(&end, 1, wait_ms) == 1) {
        ssize_t got = read(reader, text + len, size - 1 - len);

        if (got <= 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    return len;
}

/* Behind its time, one line. */
static const char *
read_line(char *text, size_t size)
{
    size_t len = read_log(text, size, 100);

    cr_assert_gt(len, TIME_LEN, "no line");
    cr_expect_eq(text[TIME_LEN - 2], 'Z', "%s", text);
    cr_expect_eq(memchr(text, '\n', len), text + len - 1, "%s", text);
    return text + TIME_LEN;
}

Test(log, an_event_is_one_json_line)
{
    static const struct {
        const char *detail, *line;
    } cases[] = {
        { "", "\"detail\":\"\"}\n" },
        { "plain", "\"detail\":\"plain\"}\n" },
        { "a\"b\\c\n\x01", "\"detail\":\"a\\\"b\\\\c\\n\\u0001\"}\n" },
        { "\xc3\xa9\xe4\xb8\xad", "\"detail\":\"\xc3\xa9\xe4\xb8\xad\"}\n" },
        { "\xff"
          "a\xc3",
          "\"detail\":\"?a?\"}\n" },
    };
    char text[4096], expected[4096];

    catch_log();
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    for (size_t c = 0; c < COUNT(cases); c++) {
        log_event(LOG_DEBUG, "test", "below the least level");
        log_event(LOG_WARN, "test", "%s", cases[c].detail);
        snprintf(expected, sizeof expected,
                 ",\"level\":\"warn\",\"event\":\"test\",%s", cases[c].line);
        cr_expect_str_eq(read_line(text, sizeof text), expected, "row %zu", c);
    }
    log_stop();
}

/* A line has a bound, even when each of its characters takes six. */
Test(log, cuts_long_details)
{
    static char zeros[10000], ones[10000];
    char text[2 * LOG_LINE_BYTES_MAX];

    memset(zeros, 'x', sizeof zeros - 1);
    memset(ones, '\x01', sizeof ones - 1);
    catch_log();
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    log_event(LOG_INFO, "test", "%s", zeros);
    read_line(text, sizeof text);
    cr_expect_eq(text[strlen(text) - 3], '"');
    cr_expect_lt(strlen(text), LOG_LINE_BYTES_MAX);
    cr_expect_gt(strlen(text), 1000);
    log_event(LOG_INFO, "test", "%s", ones);
    read_line(text, sizeof text);
    cr_expect_eq(text[strlen(text) - 3], '"');
    cr_expect_lt(strlen(text), LOG_LINE_BYTES_MAX);
    cr_expect_neq(strstr(text, "\\u0001"), NULL);
    cr_expect_eq(log_dropped(), 0);
    log_stop();
}

Test(log, a_request_is_one_json_line)
{
    const struct {
        struct log_request request;
        const char *line;
    } cases[] = {
        { { STR("r-1"), STR("GET"), STR("/v1/securities/{security_id}"), 200, 0,
            1234, 1500 },
          ",\"level\":\"info\",\"event\":\"request\",\"id\":\"r-1\","
          "\"method\":\"GET\",\"route\":\"/v1/securities/{security_id}\","
          "\"status\":200,\"bytes_in\":0,\"bytes_out\":1234,\"ms\":1.500}\n" },
        { { STR("x"), STR("P\"T"), { NULL, 0 }, 404, 68719476736, 9, 7 },
          ",\"level\":\"info\",\"event\":\"request\",\"id\":\"x\","
          "\"method\":\"P\\\"T\",\"route\":\"\",\"status\":404,"
          "\"bytes_in\":68719476736,\"bytes_out\":9,\"ms\":0.007}\n" },
    };
    char text[4096];

    catch_log();
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    for (size_t c = 0; c < COUNT(cases); c++) {
        log_request(&cases[c].request);
        cr_expect_str_eq(read_line(text, sizeof text), cases[c].line, "row %zu",
                         c);
    }
    log_stop();
}

Test(log, speaks_before_its_start_and_after_its_stop)
{
    char text[4096];

    catch_log();
    log_event(LOG_ERROR, "early", "1");
    cr_expect_neq(strstr(read_line(text, sizeof text), "\"early\""), NULL);
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    log_event(LOG_ERROR, "last", "2");
    log_stop();
    cr_expect_neq(strstr(read_line(text, sizeof text), "\"last\""), NULL);
    log_event(LOG_ERROR, "late", "3");
    cr_expect_neq(strstr(read_line(text, sizeof text), "\"late\""), NULL);
}

static size_t
count_of(const char *text, const char *what)
{
    size_t count = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        count++;
    return count;
}

/* Nobody reads: the buffer fills, the rest is counted, and told once the
 * reader is back. */
Test(log, a_stuck_reader_costs_lines_and_not_time)
{
    enum { LINES = 60000 };
    static char text[2 * LOG_BUFFER_BYTES];
    int64_t began = clock_monotonic_us();
    uint64_t dropped;
    char told[64];

    catch_log();
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    for (int i = 0; i < LINES; i++)
        log_event(LOG_INFO, "filler", "%0100d", i);
    cr_expect_lt(clock_monotonic_us() - began, 5000000);
    dropped = log_dropped();
    cr_expect_gt(dropped, 0);
    cr_expect_lt(dropped, LINES);

    read_log(text, sizeof text, 200);
    snprintf(told, sizeof told, "\"%lu lines were dropped\"", dropped);
    cr_expect_eq(count_of(text, "\"filler\""), LINES - dropped);
    cr_expect_eq(count_of(text, told), 1);
    log_event(LOG_INFO, "again", "written");
    log_stop();
    read_log(text, sizeof text, 0);
    cr_expect_eq(count_of(text, "\"again\""), 1);
}

/* The program must end although the log cannot. */
Test(log, stop_does_not_wait_for_a_stuck_reader)
{
    int64_t began;

    catch_log();
    cr_assert_eq(log_start(LOG_INFO, NULL), OK);
    for (int i = 0; i < 10000; i++)
        log_event(LOG_INFO, "filler", "%0100d", i);
    began = clock_monotonic_us();
    log_stop();
    cr_expect_lt(clock_monotonic_us() - began, 3000000);
    cr_expect_geq(clock_monotonic_us() - began, 900000);
}
