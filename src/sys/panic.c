/* The report of a process that dies by a signal. Everything behind the
 * handler is async-signal-safe. */
#include "secmaster/panic.h"

#include <assert.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAMES_MAX 64
#define STACK_BYTES (64 * 1024) /* backtrace needs about 10 KiB */
#define BUILD_ID_BYTES_MAX 20
#define NOTE_ALIGN 4

static const struct {
    int number;
    const char *name;
} deadly[] = {
    { SIGABRT, "SIGABRT" }, { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },
    { SIGILL, "SIGILL" },   { SIGFPE, "SIGFPE" },
};
#define DEADLY_COUNT (sizeof deadly / sizeof deadly[0])

static char build_id[2 * BUILD_ID_BYTES_MAX + 1];
static char signal_stack[STACK_BYTES];
static atomic_int reporting; /* the thread id of who reports, or 0 */

static _Thread_local const char *noted_request, *noted_route;

static void
say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

    (void)ignored;
}

static void
report(int number)
{
    void *frames[FRAMES_MAX];
    const char *name = "a signal";

    for (size_t i = 0; i < DEADLY_COUNT; i++) {
        if (deadly[i].number == number)
            name = deadly[i].name;
    }
    say("secmaster: died of ");
    say(name);
    say("\nbuild: ");
    say(build_id);
    say("\nrequest: ");
    say(noted_request != NULL ? noted_request : "none");
    say("\nroute: ");
    say(noted_route != NULL ? noted_route : "none");
    say("\n");
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES_MAX), STDERR_FILENO);
}

static void
die(int number)
{
    int none = 0, me = gettid();

    if (atomic_compare_exchange_strong(&reporting, &none, me))
        report(number);
    else if (none != me)
        for (;;) /* another thread is telling, and will end us all */
            pause();
    signal(number, SIG_DFL);
    raise(number);
}

static void
put_hex(const unsigned char *id, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len && i < BUILD_ID_BYTES_MAX; i++) {
        build_id[2 * i] = digits[id[i] >> 4];
        build_id[2 * i + 1] = digits[id[i] & 15];
    }
}

static size_t
note_padded(size_t size)
{
    return (size + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

static void
read_notes(const unsigned char *at, size_t len)
{
    ElfW(Nhdr) note;

    while (len >= sizeof note) {
        memcpy(&note, at, sizeof note);

        size_t name = note_padded(note.n_namesz);
        size_t size = sizeof note + name + note_padded(note.n_descsz);

        if (size > len)
            return;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(at + sizeof note, "GNU", 4) == 0)
            put_hex(at + sizeof note + name, note.n_descsz);
        at += size;
        len -= size;
    }
}

/* The first object is the program itself; stop behind it. */
static int
read_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];

        if (header->p_type == PT_NOTE)
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader's form */
            read_notes(
                (const unsigned char *)(info->dlpi_addr + header->p_vaddr),
                header->p_memsz);
    }
    return 1;
}

void
panic_install(void)
{
    const stack_t stack = { .ss_sp = signal_stack, .ss_size = STACK_BYTES };
    struct sigaction action = { .sa_handler = die, .sa_flags = SA_ONSTACK };
    void *frame;

    dl_iterate_phdr(read_program, NULL);

    /* The first call loads a library, which must not happen in a handler. */
    backtrace(&frame, 1);

    /* Of this thread only: the others have no room for a handler when they
     * run out of stack, and then die without a report. */
    int failed = sigaltstack(&stack, NULL);
    assert(failed == 0);

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < DEADLY_COUNT; i++) {
        failed = sigaction(deadly[i].number, &action, NULL);
        assert(failed == 0);
    }
}

const char *
panic_build(void)
{
    return build_id;
}

void
panic_note(const char *request_id, const char *route)
{
    noted_request = request_id;
    noted_route = route;
}
