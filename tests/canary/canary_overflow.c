/* Writes behind a buffer: AddressSanitizer must report it. */
#include <stdlib.h>
#include <string.h>

/* Volatile, or the compiler drops writes to what is freed next. */
static char *volatile buffer;
static volatile size_t one_too_many = 17;

int
main(void)
{
    buffer = malloc(16);
    if (buffer == NULL)
        return 1;
    memset(buffer, 'x', one_too_many);
    free(buffer);
    return 0;
}
