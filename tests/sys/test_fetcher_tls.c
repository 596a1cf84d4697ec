/* Who the fetcher believes to be who it says: the key goes to nobody else. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fetching.h"
#include "tests/support/temp_dir.h"

#define HOUR 3600

static const struct {
    const char *name;
    const char *subject; /* subjectAltName */
    long from, to;       /* seconds from now */
    bool is_trusted, says_goodbye;
    const char *says;
    enum fetch_outcome outcome;
    int requests;
} rows[] = {
    { "trusted", "IP:127.0.0.1", -HOUR, HOUR, true, true,
      HELLO LENGTH("5") "hello", FETCH_OK, 1 },
    { "whole without a goodbye", "IP:127.0.0.1", -HOUR, HOUR, true, false,
      HELLO LENGTH("5") "hello", FETCH_OK, 1 },
    { "until closed", "IP:127.0.0.1", -HOUR, HOUR, true, true,
      HELLO "\r\nhello", FETCH_OK, 1 },
    { "until cut off", "IP:127.0.0.1", -HOUR, HOUR, true, false,
      HELLO "\r\nhello", FETCH_OK, 1 },
    { "not trusted", "IP:127.0.0.1", -HOUR, HOUR, false, true, "", FETCH_TLS,
      0 },
    { "somebody else", "DNS:elsewhere.test", -HOUR, HOUR, true, true, "",
      FETCH_TLS, 0 },
    { "of another address", "IP:127.0.0.2", -HOUR, HOUR, true, true, "",
      FETCH_TLS, 0 },
    { "expired", "IP:127.0.0.1", -HOUR, -1, true, true, "", FETCH_TLS, 0 },
    { "not yet valid", "IP:127.0.0.1", HOUR, 2 * HOUR, true, true, "",
      FETCH_TLS, 0 },
};

static X509 *
certificate_of(size_t row, EVP_PKEY *key)
{
    X509 *it = X509_new();
    X509_NAME *name = X509_get_subject_name(it);
    X509_EXTENSION *subject = X509V3_EXT_conf_nid(
        NULL, NULL, NID_subject_alt_name, rows[row].subject);

    X509_set_version(it, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it), 1);
    X509_gmtime_adj(X509_getm_notBefore(it), rows[row].from);
    X509_gmtime_adj(X509_getm_notAfter(it), rows[row].to);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(it, name);
    X509_set_pubkey(it, key);
    X509_add_ext(it, subject, -1);
    X509_EXTENSION_free(subject);
    cr_assert_gt(X509_sign(it, key, EVP_sha256()), 0);
    return it;
}

static struct {
    SSL_CTX *context;
    int listener;
    size_t row;
    char head[2048];
} speaker;

/* One caller; what it says once it trusts us is kept. */
static void *
speak_once(void *unused)
{
    const char *says = rows[speaker.row].says;
    int fd = accept(speaker.listener, NULL, NULL);
    SSL *tls = SSL_new(speaker.context);

    (void)unused;
    SSL_set_fd(tls, fd);
    if (SSL_accept(tls) == 1 &&
        SSL_read(tls, speaker.head, sizeof speaker.head - 1) > 0) {
        SSL_write(tls, says, (int)strlen(says));
        if (rows[speaker.row].says_goodbye)
            SSL_shutdown(tls);
    }
    SSL_free(tls);
    close(fd);
    return NULL;
}

static void
expect_row(size_t i, EVP_PKEY *key, const char *ca_path)
{
    X509 *certificate = certificate_of(i, key);
    struct fetcher_options options = plain_options;
    struct fetch_answer answer;
    struct raw_server server;
    struct fetch fetch;
    pthread_t thread;
    FILE *file = fopen(ca_path, "w");
    char base[64];

    cr_assert_eq(PEM_write_X509(file, certificate), 1);
    fclose(file);
    raw_server_listen(&server);
    speaker.context = SSL_CTX_new(TLS_server_method());
    speaker.listener = server.listener;
    speaker.row = i;
    memset(speaker.head, 0, sizeof speaker.head);
    cr_assert_eq(SSL_CTX_use_certificate(speaker.context, certificate), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey(speaker.context, key), 1);
    pthread_create(&thread, NULL, speak_once, NULL);

    snprintf(base, sizeof base, "https://127.0.0.1:%d", server.port);
    options.ca_file = rows[i].is_trusted ? ca_path : NULL;
    fetch = fetch_of(base, "/x");
    answer = fetch_one(&options, &fetch);
    pthread_join(thread, NULL);
    cr_expect_eq(answer.outcome, rows[i].outcome, "%s: %s: %s", rows[i].name,
                 fetch_outcome_name(answer.outcome), answer.why.text);
    cr_expect_eq(answer.requests, rows[i].requests, "%s: %d", rows[i].name,
                 answer.requests);
    cr_expect_eq(strstr(speaker.head, KEY) != NULL, rows[i].requests > 0,
                 "%s: %s", rows[i].name, speaker.head);
    cr_expect_eq(answer.is_end_known, strstr(rows[i].says, "Length") != NULL,
                 "%s", rows[i].name);
    if (answer.outcome == FETCH_OK)
        cr_expect(str_equal(out_text(&answer.body), STR("hello")), "%s",
                  rows[i].name);
    fetch_answer_fini(&answer);
    SSL_CTX_free(speaker.context);
    X509_free(certificate);
    close(server.listener);
}

Test(fetcher_tls, believes_whom_it_should)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    char path[PATH_MAX];
    struct temp_dir dir;

    signal(SIGPIPE, SIG_IGN);
    temp_dir_make(&dir);
    temp_path(path, dir.path, "ca.pem");
    for (size_t i = 0; i < COUNT(rows); i++)
        expect_row(i, key, path);
    temp_dir_remove(&dir);
    EVP_PKEY_free(key);
}

/* Who does not speak it at all; and what no certificates can be read from. */
Test(fetcher_tls, takes_nothing_else_for_it)
{
    static struct raw_server server;
    struct fetcher_options options = plain_options;
    struct fetch_answer answer;
    struct fetch fetch;
    char base[64];

    raw_server_listen(&server);
    raw_server_start(&server, NULL, 0);
    snprintf(base, sizeof base, "https://127.0.0.1:%d", server.port);
    fetch = fetch_of(base, "/x");
    for (int i = 0; i < 2; i++) {
        options.ca_file = i == 0 ? NULL : "/dev/null";
        answer = fetch_one(&options, &fetch);
        cr_expect_eq(answer.outcome, FETCH_TLS, "%d: %s: %s", i,
                     fetch_outcome_name(answer.outcome), answer.why.text);
        cr_expect_eq(answer.requests, 0, "%d", i);
        fetch_answer_fini(&answer);
    }
    raw_server_stop(&server);
    cr_expect_geq(atomic_load(&server.count), 1);
}
