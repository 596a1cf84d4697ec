/* SHA-256 by libcrypto, which knows the processor's instructions for it. */
#include "secmaster/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct digester {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
    bool failed; /* since it began */
};

struct digester *
digester_new(void)
{
    struct digester *digester = calloc(1, sizeof *digester);

    if (digester == NULL)
        return NULL;
    digester->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    digester->context = EVP_MD_CTX_new();
    if (digester->algorithm == NULL || digester->context == NULL) {
        digester_free(digester);
        return NULL;
    }
    assert(EVP_MD_get_size(digester->algorithm) == DIGEST_BYTES);
    return digester;
}

void
digester_free(struct digester *digester)
{
    if (digester == NULL)
        return;
    EVP_MD_CTX_free(digester->context);
    EVP_MD_free(digester->algorithm);
    free(digester);
}

void
digester_begin(struct digester *digester)
{
    digester->failed =
        EVP_DigestInit_ex2(digester->context, digester->algorithm, NULL) != 1;
}

void
digester_add(struct digester *digester, struct str bytes)
{
    if (!digester->failed)
        digester->failed =
            EVP_DigestUpdate(digester->context, bytes.data, bytes.len) != 1;
}

enum err
digester_end(struct digester *digester, unsigned char out[static DIGEST_BYTES])
{
    if (digester->failed ||
        EVP_DigestFinal_ex(digester->context, out, NULL) != 1)
        return ERR_INTERNAL;
    return OK;
}

enum err
digester_hash(struct digester *digester, struct str bytes,
              unsigned char out[static DIGEST_BYTES])
{
    digester_begin(digester);
    digester_add(digester, bytes);
    return digester_end(digester, out);
}
