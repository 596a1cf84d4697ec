/* A server of bytes, for clients that must bear anything: each path has a
 * script of what is said to whoever asks for it. */
#ifndef SYS_RAW_SERVER_H
#define SYS_RAW_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define RAW_REQUESTS_MAX 256
#define RAW_HEAD_BYTES 2048

enum raw_end {
    RAW_CLOSE,
    RAW_RESET, /* at once, whatever was not read yet */
    RAW_HOLD,  /* say nothing more until the client goes */
};

struct raw_script {
    const char *path; /* "/x" */
    const char *bytes;
    size_t len;
    int drip_ms;   /* between two bytes; 0: all at once */
    size_t repeat; /* then the last byte, so many times more */
    enum raw_end end;
};

/* On 127.0.0.1, in threads of its own. Requests are kept in order of arrival;
 * read them when nobody asks any more. */
struct raw_server {
    const struct raw_script *scripts;
    size_t scripts_count;
    int listener, port;
    char base[64]; /* "http://127.0.0.1:PORT" */
    pthread_t acceptor, threads[RAW_REQUESTS_MAX];
    int sockets[RAW_REQUESTS_MAX];
    char heads[RAW_REQUESTS_MAX][RAW_HEAD_BYTES];
    atomic_size_t count;      /* connections */
    atomic_size_t heads_read; /* requests */
};

void raw_server_listen(struct raw_server *server);
void raw_server_start(struct raw_server *server,
                      const struct raw_script *scripts, size_t count);
void raw_server_stop(struct raw_server *server);

/* Begin so many connections, and wait for none: they fill its queue. */
void raw_server_knock(const struct raw_server *server, int *sockets,
                      size_t count);

/* How many requests had a path; and how many of them this text in the head. */
size_t raw_server_asked(const struct raw_server *server, const char *path,
                        const char *text);

#endif
