/* HMAC-SHA256 by libcrypto. */
#include "secmaster/hmac.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

static bool
add_pieces(EVP_MAC_CTX *context, const struct str *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (EVP_MAC_update(context, (const unsigned char *)pieces[i].data,
                           pieces[i].len) != 1)
            return false;
    return true;
}

enum err
hmac_sha256(struct str key, const struct str *pieces, size_t count,
            unsigned char out[static DIGEST_BYTES])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context =
        algorithm == NULL ? NULL : EVP_MAC_CTX_new(algorithm);
    size_t len = 0;
    bool is_done;

    is_done = context != NULL &&
              EVP_MAC_init(context, (const unsigned char *)key.data, key.len,
                           params) == 1 &&
              add_pieces(context, pieces, count) &&
              EVP_MAC_final(context, out, &len, DIGEST_BYTES) == 1;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(algorithm);
    assert(!is_done || len == DIGEST_BYTES);
    return is_done ? OK : ERR_INTERNAL;
}

bool
hmac_equal(struct str a, struct str b)
{
    return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}
