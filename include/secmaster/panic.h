/* The last words of a dying process. */
#ifndef SECMASTER_PANIC_H
#define SECMASTER_PANIC_H

/*
 * On SIGABRT, SIGSEGV, SIGBUS, SIGILL and SIGFPE: write the build, the
 * request of this thread and a backtrace to standard error
 * (async-signal-safe calls only), then die by the same signal.
 */
void panic_install(void);

/* The linker's id of this program, in hex, "" where it gave none; known once
 * panic_install has been called. */
const char *panic_build(void);

/* What this thread is doing, for the report; both borrowed, NULL to clear. */
void panic_note(const char *request_id, const char *route);

#endif
