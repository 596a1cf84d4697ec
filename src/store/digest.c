/* SHA-256 by libcrypto, which knows the processor's instructions for it. */
#include "digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct digester {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
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

enum err
digester_hash(struct digester *digester, struct str bytes,
              unsigned char out[static DIGEST_BYTES])
{
    EVP_MD_CTX *context = digester->context;

    if (EVP_DigestInit_ex2(context, digester->algorithm, NULL) != 1 ||
        EVP_DigestUpdate(context, bytes.data, bytes.len) != 1 ||
        EVP_DigestFinal_ex(context, out, NULL) != 1)
        return ERR_INTERNAL;
    return OK;
}
