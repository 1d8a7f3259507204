// SPDX-License-Identifier: Apache-2.0
// The text of a sealed file, made and read. Whatever was read is written anew from its parts and held against what stands
// there, so a parser that is lenient somewhere takes nothing that was not written by us.
#include "conf/sealed.h"

#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

enum { SALT = 16, NONCE = 12, KEY = 32, TAG = 16, SUM = 16, FILL = 256 };

// OWASP's middle row for scrypt: as dear as n=2^17 p=1 with half its memory.
const struct sealed_cost sealed_usual = {1 << 16, 8, 2};

struct head {
    struct sealed_cost cost;
    unsigned char salt[SALT], nonce[NONCE];
};

/* ---- the list ---- */

bool sealed_name_is_valid(const char *name)
{
    size_t n = strlen(name);
    bool is_fine = n > 0 && n <= SEALED_NAME_MAX;
    for (; *name; name++)
        is_fine = is_fine && (isalnum((unsigned char)*name) || strchr("-._", *name));
    return is_fine;
}

bool sealed_put(struct sealed *s, const char *name, const struct secret *value, struct err *e)
{
    size_t i = 0;
    if (!sealed_name_is_valid(name))
        return err_set(e, ERR_CONF_VALUE, "\"%.80s\" is no name for a password: letters, digits, - . _, at most %d of them", name, SEALED_NAME_MAX);
    if (strlen(secret_peek(value)) > SEALED_VALUE_MAX)
        return err_set(e, ERR_CONF_VALUE, "a password of more than %d bytes", SEALED_VALUE_MAX);
    while (i < s->n && strcmp(s->entry[i].name, name) != 0)
        i++;
    if (i == SEALED_ENTRIES_MAX)
        return err_set(e, ERR_CONF_VALUE, "more than %d passwords in one file", SEALED_ENTRIES_MAX);
    if (i == s->n) {
        s->entry = x_realloc(s->entry, ++s->n * sizeof *s->entry);
        s->entry[i] = (struct sealed_entry){.value = NULL};
        snprintf(s->entry[i].name, sizeof s->entry[i].name, "%s", name);
    }
    secret_free(s->entry[i].value);
    s->entry[i].value = secret_copy(value);
    return true;
}

const struct secret *sealed_get(const struct sealed *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->entry[i].name, name) == 0)
            return s->entry[i].value;
    return NULL;
}

void sealed_release(struct sealed *s)
{
    for (size_t i = 0; i < s->n; i++)
        secret_free(s->entry[i].value);
    free(s->entry);
    *s = (struct sealed){.entry = NULL};
}

/* Filled up, so that the size of a file tells little of how long a password is. */
static unsigned char *pack(const struct sealed *s, size_t *size)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < s->n; i++)
        n += strlen(s->entry[i].name) + strlen(secret_peek(s->entry[i].value)) + 2;
    *size = (n / FILL + 1) * FILL;
    unsigned char *plain = x_alloc(*size);
    for (size_t i = 0; i < s->n; i++) {
        const char *const part[] = {s->entry[i].name, secret_peek(s->entry[i].value)};
        for (size_t k = 0; k < TG_ARRAY_LEN(part); k++) {
            memcpy(plain + at, part[k], strlen(part[k]) + 1);
            at += strlen(part[k]) + 1;
        }
    }
    return plain;
}

static bool unpack(const unsigned char *plain, size_t size, struct sealed *out)
{
    const char *p = (const char *)plain, *end = p + size;
    while (p < end && *p) {
        const char *stop = memchr(p, 0, (size_t)(end - p)), *value = stop ? stop + 1 : end;
        const char *last = value < end ? memchr(value, 0, (size_t)(end - value)) : NULL;
        if (!last || sealed_get(out, p))
            return false;
        struct secret *s = secret_new(value, (size_t)(last - value));
        bool is_fine = sealed_put(out, p, s, NULL);
        secret_free(s);
        if (!is_fine)
            return false;
        p = last + 1;
    }
    return true;
}

/* ---- the parts of the text ---- */

static void add_base64(const unsigned char *p, size_t n, struct buf *out)
{
    size_t size = 4 * ((n + 2) / 3);
    buf_reserve(out, size + 1);
    EVP_EncodeBlock((unsigned char *)out->p + out->n, p, (int)n);
    out->n += size;
}

/* Exactly `size` bytes. */
static bool base64(const char *text, unsigned char *out, size_t size)
{
    size_t n = strlen(text), room = n / 4 * 3;
    if (n != 4 * ((size + 2) / 3))
        return false;
    unsigned char *raw = x_alloc(room + 1);
    bool is_fine = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)n) == (int)room;
    if (is_fine)
        memcpy(out, raw, size);
    free(raw);
    return is_fine;
}

static void add_head(const struct head *h, struct buf *out)
{
    buf_addf(out, "tidegate-sealed 1\nkdf scrypt n=%" PRIu64 " r=%" PRIu64 " p=%" PRIu64 " salt=", h->cost.n, h->cost.r, h->cost.p);
    add_base64(h->salt, SALT, out);
    buf_adds(out, "\ncipher aes-256-gcm nonce=");
    add_base64(h->nonce, NONCE, out);
    buf_addc(out, '\n');
}

static bool add_sum(struct buf *out)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(out->p, out->n, hash, &n, EVP_sha256(), NULL) != 1 || n < SUM)
        return false;
    buf_adds(out, "sum ");
    for (size_t i = 0; i < SUM; i++)
        buf_addf(out, "%02x", hash[i]);
    buf_addc(out, '\n');
    return true;
}

/* What a stranger's file may make us do: 256 MiB, and sixteen times the usual work. */
static bool is_bearable(const struct sealed_cost *c)
{
    bool is_power = c->n && (c->n & (c->n - 1)) == 0;
    return is_power && c->n >= 1 << 10 && c->n <= 1 << 20 && c->r >= 1 && c->r <= 32 && c->p >= 1 && c->p <= 16 && 128 * c->n * c->r <= 256 << 20 &&
           c->n * c->r * c->p <= 1 << 24;
}

static bool key_of(const struct head *h, const struct secret *passphrase, unsigned char key[KEY])
{
    const char *text = secret_peek(passphrase);
    return EVP_PBE_scrypt(text, strlen(text), h->salt, SALT, h->cost.n, h->cost.r, h->cost.p, UINT64_C(320) << 20, key, KEY) == 1;
}

/* One pass of the cipher; the tag is written or held against what comes. */
static bool gcm(const unsigned char key[KEY], const struct head *h, const struct buf *aad, bool is_sealing, const unsigned char *in, size_t n, unsigned char *out,
                unsigned char tag[TAG])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0, rest = 0, skipped = 0;
    bool is_fine = ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, h->nonce, is_sealing) == 1 && /* 12 bytes are its nonce's own size */
                   EVP_CipherUpdate(ctx, NULL, &skipped, (const unsigned char *)aad->p, (int)aad->n) == 1 &&
                   EVP_CipherUpdate(ctx, out, &done, in, (int)n) == 1 &&
                   (is_sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1) && EVP_CipherFinal_ex(ctx, out + done, &rest) == 1 &&
                   (!is_sealing || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return is_fine && (size_t)(done + rest) == n;
}

/* ---- making ---- */

bool sealed_make(const struct sealed *s, const struct secret *passphrase, const struct sealed_cost *cost, struct buf *out, struct err *e)
{
    struct head h = {.cost = *cost};
    struct buf text = {0};
    unsigned char key[KEY];
    size_t n;
    if (!secret_peek(passphrase)[0])
        return err_set(e, ERR_SEALED_PASSPHRASE, "an empty passphrase keeps nothing");
    unsigned char *plain = pack(s, &n), *data = x_alloc(n + TAG);
    bool is_fine = RAND_bytes(h.salt, SALT) == 1 && RAND_bytes(h.nonce, NONCE) == 1;
    add_head(&h, &text);
    is_fine = is_fine && is_bearable(cost) && key_of(&h, passphrase, key) && gcm(key, &h, &text, true, plain, n, data, data + n);
    explicit_bzero(key, sizeof key);
    explicit_bzero(plain, n);
    buf_adds(&text, "data ");
    add_base64(data, n + TAG, &text);
    buf_addc(&text, '\n');
    is_fine = is_fine && add_sum(&text);
    if (is_fine)
        buf_add(out, text.p, text.n);
    buf_release(&text);
    free(plain);
    free(data);
    return is_fine || err_set(e, ERR_INTERNAL, "the cipher failed");
}

/* ---- reading ---- */

static bool damaged(struct err *e, const char *what)
{
    return err_set(e, ERR_SEALED_DAMAGED, "%s", what);
}

/* *data: where the base64 of the data begins. */
static bool read_head(const char *text, struct head *h, const char **data, struct err *e)
{
    char n[21], r[21], p[21], salt[25], nonce[17];
    int at = 0;
    if (strncmp(text, "tidegate-sealed ", 16) != 0)
        return damaged(e, "it does not begin as a sealed file does");
    if (strncmp(text + 16, "1\n", 2) != 0)
        return damaged(e, "it was written by another version, or is damaged in its first line");
    if (sscanf(text + 18, "kdf scrypt n=%20[0-9] r=%20[0-9] p=%20[0-9] salt=%24[A-Za-z0-9+/=] cipher aes-256-gcm nonce=%16[A-Za-z0-9+/=] data %n", n, r, p, salt, nonce, &at) !=
            5 ||
        !at)
        return damaged(e, "its head is not as it was written");
    h->cost = (struct sealed_cost){strtoull(n, NULL, 10), strtoull(r, NULL, 10), strtoull(p, NULL, 10)};
    if (!is_bearable(&h->cost))
        return err_set(e, ERR_SEALED_DAMAGED, "it asks for scrypt n=%s r=%s p=%s, which is out of bounds; nothing was tried", n, r, p);
    *data = text + 18 + at;
    return (base64(salt, h->salt, SALT) && base64(nonce, h->nonce, NONCE)) || damaged(e, "its head is not as it was written");
}

/* The data with its tag; NULL: it is no base64, or too short. */
static unsigned char *read_data(const char *p, size_t *size)
{
    size_t n = strcspn(p, "\n"), fill = 0;
    char *text = x_strndup(p, n);
    while (fill < 2 && fill < n && text[n - 1 - fill] == '=')
        fill++;
    unsigned char *out = NULL;
    *size = n / 4 * 3 > fill ? n / 4 * 3 - fill : 0;
    if (*size > TAG)
        out = x_alloc(*size);
    if (out && !base64(text, out, *size)) {
        free(out);
        out = NULL;
    }
    free(text);
    return out;
}

static bool open_data(struct sealed *out, const struct head *h, const struct buf *aad, unsigned char *data, size_t n, const struct secret *passphrase, struct err *e)
{
    unsigned char key[KEY], *plain = x_alloc(n);
    bool has_key = key_of(h, passphrase, key), is_fine = has_key && gcm(key, h, aad, false, data, n - TAG, plain, data + n - TAG);
    if (!has_key)
        err_set(e, ERR_INTERNAL, "scrypt failed");
    else if (!is_fine)
        err_set(e, ERR_SEALED_PASSPHRASE, "the passphrase does not fit");
    else if (!unpack(plain, n - TAG, out))
        is_fine = damaged(e, "what it holds is no list of passwords");
    explicit_bzero(key, sizeof key);
    explicit_bzero(plain, n);
    free(plain);
    if (!is_fine)
        sealed_release(out);
    return is_fine;
}

bool sealed_open(struct sealed *out, const char *text, size_t n, const struct secret *passphrase, struct err *e)
{
    struct head h;
    struct buf again = {0}, aad = {0};
    const char *base = "";
    size_t size = 0;
    *out = (struct sealed){.entry = NULL};
    if (n > SEALED_FILE_MAX)
        return damaged(e, "it is larger than any sealed file");
    char *own = x_strndup(text, n);
    bool is_fine = (strlen(own) == n || damaged(e, "it has a NUL byte in it")) && read_head(own, &h, &base, e);
    unsigned char *data = is_fine ? read_data(base, &size) : NULL;
    if (is_fine && !data)
        is_fine = damaged(e, "its data are not as they were written");
    if (is_fine) {
        add_head(&h, &aad);
        buf_add(&again, aad.p, aad.n);
        buf_adds(&again, "data ");
        add_base64(data, size, &again);
        buf_addc(&again, '\n');
        is_fine = (add_sum(&again) && again.n == n && memcmp(again.p, own, n) == 0) || damaged(e, "its sum does not fit: it was altered, or cut off");
    }
    if (is_fine && passphrase)
        is_fine = open_data(out, &h, &aad, data, size, passphrase, e);
    buf_release(&again);
    buf_release(&aad);
    free(data);
    free(own);
    return is_fine;
}

/* ---- files ---- */

static bool at_path(struct err *e, const char *path)
{
    err_wrap(e, "%s", path);
    if (e)
        snprintf(e->where, sizeof e->where, "%s", path);
    return false;
}

bool sealed_write(const char *path, const struct sealed *s, const struct secret *passphrase, struct err *e)
{
    struct buf text = {0};
    bool is_fine = (sealed_make(s, passphrase, &sealed_usual, &text, e) || at_path(e, path)) && file_replace(path, &text, e);
    buf_release(&text);
    return is_fine;
}

bool sealed_read(struct sealed *out, const char *path, const struct secret *passphrase, struct err *e)
{
    FILE *file = fopen(path, "re");
    *out = (struct sealed){.entry = NULL};
    if (!file) {
        err_set(e, ERR_SEALED_FILE, "it can't be opened: %s", strerror(errno));
        return at_path(e, path);
    }
    char *text = x_alloc(SEALED_FILE_MAX + 2);
    size_t n = fread(text, 1, SEALED_FILE_MAX + 1, file);
    bool is_fine = !ferror(file) || err_set(e, ERR_SEALED_FILE, "it can't be read: %s", strerror(errno));
    fclose(file);
    is_fine = is_fine && sealed_open(out, text, n, passphrase, e);
    free(text);
    return is_fine || at_path(e, path);
}
