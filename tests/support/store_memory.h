/* A store in memory: the second implementation of the socket, for tests. */
#ifndef SUPPORT_STORE_MEMORY_H
#define SUPPORT_STORE_MEMORY_H

#include "secmaster/store.h"

/* Aborts when out of memory. */
struct store *store_memory_new(void);

#endif
