/* HOST:PORT is read strictly, and loopback is told from the rest. */
#include "api/listener.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *text;
    enum err err;
    bool is_loopback;
} rows[] = {
    { "127.0.0.1:8080", OK, true },
    { "127.9.9.9:0", OK, true },
    { "localhost:65535", OK, true },
    { "[::1]:8080", OK, true },
    { "[::ffff:127.0.0.1]:80", OK, true },
    { "0.0.0.0:80", OK, false },
    { "192.0.2.1:80", OK, false },
    { "[::]:80", OK, false },
    { "[::ffff:192.0.2.1]:80", OK, false },
    { "", ERR_INVALID, false },
    { "127.0.0.1", ERR_INVALID, false },
    { ":8080", ERR_INVALID, false },
    { "127.0.0.1:", ERR_INVALID, false },
    { "127.0.0.1:65536", ERR_INVALID, false },
    { "127.0.0.1:4294967376", ERR_INVALID, false },
    { "127.0.0.1:-1", ERR_INVALID, false },
    { "127.0.0.1:+1", ERR_INVALID, false },
    { "127.0.0.1:80x", ERR_INVALID, false },
    { "127.0.0.1: 80", ERR_INVALID, false },
    { "127.1:80", ERR_INVALID, false },
    { "::1:8080", ERR_INVALID, false },
    { "[::1:8080", ERR_INVALID, false },
    { "[127.0.0.1]:80", ERR_INVALID, false },
    { "[]:80", ERR_INVALID, false },
    { "example.com:80", ERR_INVALID, false },
    { "127.0.0.1127.0.0.1127.0.0.1127.0.0.1127.0.0.1127.0.0.1:80", ERR_INVALID,
      false },
};

Test(listener, reads_addresses_strictly)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listener_address address;
        struct why why = { "" };
        enum err err = listener_parse(rows[i].text, &address, &why);

        cr_expect_eq(err, rows[i].err, "'%s': %d", rows[i].text, err);
        cr_expect_eq(why.text[0] == '\0', err == OK, "'%s': why", rows[i].text);
        if (err == OK)
            cr_expect_eq(address.is_loopback, rows[i].is_loopback,
                         "'%s': loopback", rows[i].text);
    }
}

Test(listener, tells_a_taken_address_from_a_foreign_one)
{
    struct listener_address address;
    struct why why = { "" };
    char text[32];
    uint16_t port, other_port;
    int fd, other;

    cr_assert_eq(listener_parse("127.0.0.1:0", &address, &why), OK);
    cr_assert_eq(listener_open(&address, &fd, &port, &why), OK, "%s", why.text);
    cr_expect_gt(port, 0);

    snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)port);
    cr_assert_eq(listener_parse(text, &address, &why), OK);
    cr_expect_eq(listener_open(&address, &other, &other_port, &why), ERR_BUSY);
    cr_expect_neq(strstr(why.text, text), NULL, "%s", why.text);
    cr_expect_neq(strstr(why.text, "already in use"), NULL, "%s", why.text);

    cr_assert_eq(listener_parse("192.0.2.1:0", &address, &why), OK);
    cr_expect_eq(listener_open(&address, &other, &other_port, &why),
                 ERR_INVALID);
    cr_expect_neq(strstr(why.text, "192.0.2.1:0: "), NULL, "%s", why.text);
    close(fd);
}

Test(listener, names_the_address_as_it_was_given)
{
    static const struct {
        const char *text, *words;
    } faults[] = {
        { "127.0.0.1:65536", "out of range" },
        { "127.0.0.1:4294967376", "out of range" },
        { "127.0.0.1:80x", "is not HOST:PORT" },
        { "[2001:db8::1]:1", "[2001:db8::1]:1: " },
    };

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct listener_address address;
        struct why why = { "" };
        uint16_t port;
        int fd;

        if (listener_parse(faults[i].text, &address, &why) == OK)
            cr_expect_neq(listener_open(&address, &fd, &port, &why), OK);
        cr_expect_neq(strstr(why.text, faults[i].words), NULL, "'%s': %s",
                      faults[i].text, why.text);
    }
}
