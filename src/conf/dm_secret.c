// SPDX-License-Identifier: Apache-2.0
// How DM's password text is made and read. CFB has no check of its own: a wrong key gives other
// bytes, not an error, so the result is held against UTF-8 and control characters before it is
// taken. One of the two doors to OpenSSL of this room (sealed.c is the other).
#include "conf/dm_secret.h"
#include "conf/field.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

enum { IV_SIZE = 16, HEAD_SIZE = IV_SIZE + 1, KEY_SIZE = 32, TEXT_MAX = 8192 };

bool conf_dm_key_parse(const char *hex, size_t n, unsigned char key[32], struct err *e)
{
    while (n && isspace((unsigned char)*hex)) {
        hex++;
        n--;
    }
    while (n && isspace((unsigned char)hex[n - 1]))
        n--;
    bool is_fine = n == 2 * KEY_SIZE;
    for (size_t i = 0; is_fine && i < n; i++) {
        int c = tolower((unsigned char)hex[i]);
        is_fine = isxdigit(c) != 0;
        unsigned nibble = (unsigned)c - (c <= '9' ? '0' : 'a' - 10U);
        key[i / 2] = (unsigned char)(i % 2 ? (unsigned)key[i / 2] << 4 | nibble : nibble);
    }
    return is_fine || err_set(e, ERR_SECRET, "a key is 64 hexadecimal digits, and this one is not");
}

bool conf_dm_key_read(const char *path, unsigned char key[32], struct err *e)
{
    char text[512];
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(e, ERR_SECRET, "the key file %s can't be read: %s", path, strerror(errno));
    size_t n = fread(text, 1, sizeof text, file);
    fclose(file);
    bool is_fine = conf_dm_key_parse(text, n, key, e) || err_wrap(e, "key file %s", path);
    explicit_bzero(text, sizeof text);
    return is_fine;
}

static bool cfb(const unsigned char *key, const unsigned char *iv, bool is_encrypting,
                const unsigned char *in, size_t n, unsigned char *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0, rest = 0;
    bool is_fine =
        ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_cfb128(), NULL, key, iv, is_encrypting) == 1 &&
        EVP_CipherUpdate(ctx, out, &done, in, (int)n) == 1 &&
        EVP_CipherFinal_ex(ctx, out + done, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return is_fine && (size_t)(done + rest) == n;
}

bool conf_dm_encrypt(const unsigned char key[32], const struct secret *plain, struct buf *out,
                     struct err *e)
{
    const char *text = secret_peek(plain);
    size_t n = strlen(text);
    unsigned char raw[HEAD_SIZE + TEXT_MAX];
    if (n > TEXT_MAX)
        return err_set(e, ERR_SECRET, "a password of more than %d bytes", TEXT_MAX);
    raw[IV_SIZE] = '@';
    if (RAND_bytes(raw, IV_SIZE) != 1 ||
        !cfb(key, raw, true, (const unsigned char *)text, n, raw + HEAD_SIZE))
        return err_set(e, ERR_INTERNAL, "the cipher failed");
    size_t size = 4 * ((HEAD_SIZE + n + 2) / 3);
    buf_reserve(out, size + 1);
    EVP_EncodeBlock((unsigned char *)out->p + out->n, raw, (int)(HEAD_SIZE + n));
    out->n += size;
    return true;
}

// Base64 to bytes; the number of bytes, or 0 when it is no base64 with its padding.
static size_t decode(const char *text, unsigned char *out)
{
    size_t n = strlen(text), padding = 0;
    if (n < 4 || n % 4 || n > 4 * ((HEAD_SIZE + TEXT_MAX) / 3))
        return 0;
    while (padding < 2 && text[n - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < n - padding; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '+' && text[i] != '/')
            return 0;
    int size = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);
    return size < 0 ? 0 : (size_t)size - padding;
}

bool conf_dm_is_encrypted(const char *text)
{
    unsigned char raw[HEAD_SIZE + TEXT_MAX + 4];
    size_t n = decode(text, raw);
    return n >= HEAD_SIZE && raw[IV_SIZE] == '@';
}

struct secret *conf_dm_decrypt(const unsigned char key[32], const char *text, struct err *e)
{
    unsigned char raw[HEAD_SIZE + TEXT_MAX + 4], plain[TEXT_MAX + 4];
    struct secret *s = NULL;
    size_t n = decode(text, raw);
    if (n < HEAD_SIZE || raw[IV_SIZE] != '@')
        err_set(e, ERR_SECRET, "this is no text that DM has encrypted");
    else if (!cfb(key, raw, false, raw + HEAD_SIZE, n - HEAD_SIZE, plain) ||
             !utf8_is_clean((const char *)plain, n - HEAD_SIZE))
        err_set(e, ERR_SECRET, "the text was encrypted with another key");
    else
        s = secret_new((const char *)plain, n - HEAD_SIZE);
    explicit_bzero(plain, sizeof plain);
    return s;
}
