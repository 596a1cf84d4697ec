/* Where other threads leave finished work for one thread to pick up. */
#ifndef SECMASTER_INBOX_H
#define SECMASTER_INBOX_H

#include "secmaster/err.h"

struct inbox;

/* First member of what is sent; owned by the sender until it is taken. */
struct inbox_item {
    struct inbox *home; /* who is told */
    void *owner;        /* the sender's, for the taker: a request's is it */
    struct inbox_item *next;
};

/*
 * A list head pushed by compare-exchange and an eventfd that is written only
 * when the list was empty. Any thread pushes, one takes.
 */
struct inbox {
    struct inbox_item *_Atomic head;
    int event_fd; /* readable when there is something */
};

enum err inbox_init(struct inbox *inbox, struct why *why);

/* Empty, and behind the return of every push: who pushed an item may still be
 * about to ring when it is taken. */
void inbox_fini(struct inbox *inbox);

/* Push the chain first..last (linked by next) at once. */
void inbox_push(struct inbox *inbox, struct inbox_item *first,
                struct inbox_item *last);

/* Wake the taker without an item. */
void inbox_wake(struct inbox *inbox);

/* Clear the eventfd and take all, in order of pushing; NULL: nothing. */
struct inbox_item *inbox_take(struct inbox *inbox);

/* Block until an item comes and take all (for callers without a loop). */
struct inbox_item *inbox_wait(struct inbox *inbox);

#endif
