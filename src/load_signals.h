/* SIGINT and SIGTERM, as a load takes them. */
#ifndef MAIN_LOAD_SIGNALS_H
#define MAIN_LOAD_SIGNALS_H

#include <signal.h>

/* Both of them. */
sigset_t load_signals_set(void);

/* The first one ends the load behind the batch in hand; a second one ends the
 * process at once, as without a handler. */
void load_signals_catch(void);

/* From here on the first signal ends the process: nothing is in hand. */
void load_signals_release(void);

/* The one that was caught; 0: none. */
int load_signals_seen(void);

/* Until there is something to read, or a signal was caught. */
void load_signals_wait(int fd);

#endif
