/* Last words: a child dies in each way; its report and its signal count. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secmaster/panic.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    int number;
    const char *id, *route;
    const char *report;
} cases[] = {
    { SIGABRT, "r-7", "/v1/facts",
      "died of SIGABRT\nbuild: *\nrequest: r-7\nroute: /v1/facts\n" },
    { SIGSEGV, NULL, NULL,
      "died of SIGSEGV\nbuild: *\nrequest: none\nroute: none\n" },
    { SIGBUS, "x", "/livez",
      "died of SIGBUS\nbuild: *\nrequest: x\nroute: /livez\n" },
    { SIGILL, "x", NULL,
      "died of SIGILL\nbuild: *\nrequest: x\nroute: none\n" },
    { SIGFPE, NULL, "/livez",
      "died of SIGFPE\nbuild: *\nrequest: none\nroute: /livez\n" },
};

/* Whether text begins with pattern; a star is the rest of a line. */
static bool
begins_like(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '*')
            text += strcspn(text, "\n");
        else if (*text++ != *pattern)
            return false;
    }
    return true;
}

static void
die(size_t c, int to)
{
    dup2(to, STDERR_FILENO);
    panic_install();
    panic_note("forgotten", "forgotten");
    panic_note(cases[c].id, cases[c].route);
    raise(cases[c].number);
    _exit(0);
}

Test(panic, tells_what_was_going_on_and_dies_by_the_signal)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        char text[16384];
        size_t len = 0;
        ssize_t got;
        int ends[2], status;

        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();

        if (child == 0)
            die(c, ends[1]);
        close(ends[1]);
        while ((got = read(ends[0], text + len, sizeof text - 1 - len)) > 0)
            len += (size_t)got;
        text[len] = '\0';
        close(ends[0]);
        waitpid(child, &status, 0);

        const char *report = strstr(text, "died of");

        cr_expect(WIFSIGNALED(status), "row %zu", c);
        cr_expect_eq(WTERMSIG(status), cases[c].number, "row %zu", c);
        cr_assert_neq(report, NULL, "row %zu: %s", c, text);
        cr_expect(begins_like(report, cases[c].report), "row %zu: %s", c, text);
        cr_expect_neq(strstr(report, ")[0x"), NULL, "row %zu: no backtrace: %s",
                      c, text);
        cr_expect_geq(strcspn(strstr(report, "build: ") + 7, "\n"), 32,
                      "row %zu: no build id: %s", c, text);
    }
}
