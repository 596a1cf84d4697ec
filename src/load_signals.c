/* A signal is noted by its handler and heeded between two batches. */
#include "load_signals.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

static volatile sig_atomic_t signal_seen;

static void
note_signal(int number)
{
    signal_seen = number;
}

sigset_t
load_signals_set(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void
load_signals_catch(void)
{
    const struct sigaction action = {
        .sa_handler = note_signal,
        .sa_flags = SA_RESTART | (int)SA_RESETHAND,
    };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void
load_signals_release(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

int
load_signals_seen(void)
{
    return signal_seen;
}

/* A pipe may be silent for long. Only ppoll lets a signal in, so none slips in
 * between the look and the wait. */
void
load_signals_wait(int fd)
{
    struct pollfd input = { .fd = fd, .events = POLLIN };
    sigset_t ending = load_signals_set(), before;

    pthread_sigmask(SIG_BLOCK, &ending, &before);
    while (signal_seen == 0 && ppoll(&input, 1, NULL, &before) < 0 &&
           errno == EINTR)
        continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
