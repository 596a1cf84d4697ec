/* Two threads write without a lock: ThreadSanitizer must report it. */
#include <pthread.h>

static int shared;

static void *
raise_shared(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        shared++;
    return NULL;
}

int
main(void)
{
    pthread_t other;

    if (pthread_create(&other, NULL, raise_shared, NULL) != 0)
        return 1;
    (void)raise_shared(NULL);
    return pthread_join(other, NULL);
}
