// SPDX-License-Identifier: Apache-2.0
// Charsets and collations by name: what a server means by a charset without a collation, how coarse a collation
// compares, and which pair of a target comes nearest to one of the source. utf8 is called utf8mb3 throughout,
// because its meaning as an alias moves between releases.

#include "schema/ast.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* Default collation and most bytes per character, for every charset of MySQL and MariaDB. */
static const struct {
    const char *charset, *collation;
    unsigned max_bytes;
} charsets[] = {
    {"armscii8", "armscii8_general_ci", 1}, {"ascii", "ascii_general_ci", 1}, {"big5", "big5_chinese_ci", 2},
    {"binary", "binary", 1}, {"cp1250", "cp1250_general_ci", 1}, {"cp1251", "cp1251_general_ci", 1},
    {"cp1256", "cp1256_general_ci", 1}, {"cp1257", "cp1257_general_ci", 1}, {"cp850", "cp850_general_ci", 1},
    {"cp852", "cp852_general_ci", 1}, {"cp866", "cp866_general_ci", 1}, {"cp932", "cp932_japanese_ci", 2},
    {"dec8", "dec8_swedish_ci", 1}, {"eucjpms", "eucjpms_japanese_ci", 3}, {"euckr", "euckr_korean_ci", 2},
    {"gb18030", "gb18030_chinese_ci", 4}, {"gb2312", "gb2312_chinese_ci", 2}, {"gbk", "gbk_chinese_ci", 2},
    {"geostd8", "geostd8_general_ci", 1}, {"greek", "greek_general_ci", 1}, {"hebrew", "hebrew_general_ci", 1},
    {"hp8", "hp8_english_ci", 1}, {"keybcs2", "keybcs2_general_ci", 1}, {"koi8r", "koi8r_general_ci", 1},
    {"koi8u", "koi8u_general_ci", 1}, {"latin1", "latin1_swedish_ci", 1}, {"latin2", "latin2_general_ci", 1},
    {"latin5", "latin5_turkish_ci", 1}, {"latin7", "latin7_general_ci", 1}, {"macce", "macce_general_ci", 1},
    {"macroman", "macroman_general_ci", 1}, {"sjis", "sjis_japanese_ci", 2}, {"swe7", "swe7_swedish_ci", 1},
    {"tis620", "tis620_thai_ci", 1}, {"ucs2", "ucs2_general_ci", 2}, {"ujis", "ujis_japanese_ci", 3},
    {"utf16", "utf16_general_ci", 4}, {"utf16le", "utf16le_general_ci", 4}, {"utf32", "utf32_general_ci", 4},
    {"utf8mb3", "utf8mb3_general_ci", 3}, {"utf8mb4", "utf8mb4_general_ci", 4},
};

static void lower(const char *z, char out[64])
{
    size_t n = 0;
    for (; *z && n < 63; z++)
        out[n++] = (char)tolower((unsigned char)*z);
    out[n] = 0;
}

void charset_name(const char *name, char out[64])
{
    lower(name, out);
    if (strcmp(out, "utf8") == 0)
        snprintf(out, 64, "utf8mb3");
}

void collation_name(const char *name, char out[64])
{
    char z[64];
    lower(name, z);
    if (strncmp(z, "utf8_", 5) == 0)
        snprintf(out, 64, "utf8mb3_%.50s", z + 5);
    else
        snprintf(out, 64, "%s", z);
}

void collation_charset(const char *collation, char out[64])
{
    char z[64];
    collation_name(collation, z);
    z[strcspn(z, "_")] = 0;
    // MariaDB's uca1400_ai_ci fits several charsets; alone it means the widest.
    snprintf(out, 64, "%s", strncmp(z, "uca1400", 7) == 0 ? "utf8mb4" : z);
}

unsigned charset_max_bytes(const char *charset)
{
    char z[64];
    charset_name(charset, z);
    for (size_t i = 0; i < TG_ARRAY_LEN(charsets); i++)
        if (strcmp(charsets[i].charset, z) == 0)
            return charsets[i].max_bytes;
    return 4;
}

void charset_default_collation(const char *charset, const struct ddl_context *cx, char out[64])
{
    char z[64];
    charset_name(charset, z);
    if (strcmp(z, "utf8mb4") == 0 && !cx->is_mariadb && (cx->version == 0 || cx->version >= 80000)) {
        snprintf(out, 64, "utf8mb4_0900_ai_ci");
        return;
    }
    bool is_unicode = strncmp(z, "utf", 3) == 0 || strcmp(z, "ucs2") == 0;
    if (is_unicode && cx->is_mariadb && cx->version >= 110500) {
        snprintf(out, 64, "%.40s_uca1400_ai_ci", z);
        return;
    }
    snprintf(out, 64, "%.40s_general_ci", z);
    for (size_t i = 0; i < TG_ARRAY_LEN(charsets); i++)
        if (strcmp(charsets[i].charset, z) == 0)
            snprintf(out, 64, "%s", charsets[i].collation);
}

enum text_charset charset_of(const char *name)
{
    static const struct {
        const char *name;
        enum text_charset cs;
    } known[] = {{"utf8mb4", CS_UTF8MB4}, {"utf8mb3", CS_UTF8MB3}, {"latin1", CS_LATIN1}, {"ascii", CS_ASCII},
                 {"binary", CS_BINARY}, {"", CS_NONE}};
    char z[64];
    charset_name(name, z);
    for (size_t i = 0; i < TG_ARRAY_LEN(known); i++)
        if (strcmp(z, known[i].name) == 0)
            return known[i].cs;
    return CS_OTHER;
}

static bool ends_with(const char *z, const char *end)
{
    size_t n = strlen(z), m = strlen(end);
    return n >= m && strcmp(z + n - m, end) == 0;
}

static bool is_binary(const char *collation)
{
    return ends_with(collation, "_bin") || strcmp(collation, "binary") == 0;
}

/* Only collations without tailoring: several languages hold ASCII letters for equal (Lithuanian i and y, Roman
 * i and j, Swedish v and w), which a fold by case would miss. */
enum key_fold fold_of(const char *collation)
{
    static const char *const plain[] = {
        "general_ci", "general_cs", "general_nopad_ci", "general_mysql500_ci", "unicode_ci", "unicode_nopad_ci",
        "unicode_520_ci", "unicode_520_nopad_ci", "0900_ai_ci", "0900_as_ci", "0900_as_cs", "uca1400_ai_ci",
        "uca1400_ai_cs", "uca1400_as_ci", "uca1400_as_cs", "uca1400_nopad_ai_ci", "uca1400_nopad_ai_cs",
        "uca1400_nopad_as_ci", "uca1400_nopad_as_cs",
    };
    /* Asian ones weigh ASCII letters by case alone; what they do with the rest does not matter here. */
    static const char *const asian[] = {"chinese_ci", "japanese_ci", "korean_ci", "chinese_nopad_ci",
                                        "japanese_nopad_ci", "korean_nopad_ci"};
    static const char *const latin1[] = {"swedish_ci", "german1_ci", "german2_ci", "danish_ci", "swedish_nopad_ci"};
    char z[64];
    collation_name(collation, z);
    if (is_binary(z))
        return FOLD_BYTES;
    const char *rest = strchr(z, '_');
    if (!rest)
        return FOLD_NONE;
    for (size_t i = 0; i < TG_ARRAY_LEN(plain); i++)
        if (strcmp(rest + 1, plain[i]) == 0 || strcmp(z, plain[i]) == 0)
            return FOLD_ASCII;
    for (size_t i = 0; i < TG_ARRAY_LEN(asian); i++)
        if (strcmp(rest + 1, asian[i]) == 0)
            return FOLD_ASCII;
    for (size_t i = 0; i < TG_ARRAY_LEN(latin1); i++)
        if (strncmp(z, "latin1_", 7) == 0 && strcmp(rest + 1, latin1[i]) == 0)
            return FOLD_ASCII;
    return FOLD_NONE;
}

static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Whether the target lists the collation, under this name or utf8mb3's other one. */
static bool has(const struct target_dialect *to, const char *name, char out[64])
{
    char z[64];
    snprintf(z, sizeof z, "%s", name);
    for (int alias = 0; alias < 2; alias++) {
        const char *p = z;
        if (to->ncollations && bsearch(&p, to->collations, to->ncollations, sizeof p, compare)) {
            snprintf(out, 64, "%s", z);
            return true;
        }
        // MariaDB lists uca1400 collations without their charset.
        const char *uca = strstr(z, "_uca1400_");
        p = uca ? uca + 1 : z;
        if (uca && to->ncollations && bsearch(&p, to->collations, to->ncollations, sizeof p, compare)) {
            snprintf(out, 64, "%s", z);
            return true;
        }
        if (strncmp(name, "utf8mb3_", 8) != 0)
            return false;
        snprintf(z, sizeof z, "utf8_%.50s", name + 8);
    }
    return false;
}

static bool has_any(const struct target_dialect *to, const char *charset, const char *const *names, char out[64])
{
    char z[64];
    for (; *names; names++) {
        snprintf(z, sizeof z, "%.20s_%.40s", charset, *names);
        if (has(to, z, out))
            return true;
    }
    return false;
}

/* The nearest collation of a charset; PAD SPACE and accents weigh less than case. */
static bool nearest(const struct target_dialect *to, const char *charset, const char *collation, char out[64])
{
    static const char *const bin[] = {"bin", "0900_bin", NULL};
    static const char *const sensitive[] = {"0900_as_cs", "uca1400_as_cs", "bin", NULL};
    static const char *const accents[] = {"0900_as_ci", "uca1400_as_ci", "0900_ai_ci", "general_ci", NULL};
    static const char *const new_uca[] = {"0900_ai_ci", "uca1400_nopad_ai_ci", "unicode_520_nopad_ci",
                                          "unicode_520_ci", "unicode_ci", "general_ci", NULL};
    static const char *const uca[] = {"uca1400_ai_ci", "unicode_520_ci", "unicode_ci", "0900_ai_ci", "general_ci",
                                      NULL};
    static const char *const general[] = {"general_ci", "unicode_ci", "0900_ai_ci", NULL};
    bool is_new = strstr(collation, "_0900_") || strstr(collation, "nopad");
    bool is_uca = strstr(collation, "uca1400") || strstr(collation, "unicode");
    const char *const *names = general;
    if (is_binary(collation))
        names = bin;
    else if (ends_with(collation, "_cs"))
        names = sensitive;
    else if (ends_with(collation, "_as_ci"))
        names = accents;
    else if (is_new)
        names = new_uca;
    else if (is_uca)
        names = uca;
    return has_any(to, charset, names, out) || (names != bin && has_any(to, charset, general, out));
}

/* TiDB keeps latin1 as a part of UTF-8: bytes from 0x80 do not come back. Its gbk and gb18030 lack characters that
 * those of the source have. */
static bool charset_fits(const struct target_dialect *to, const char *charset)
{
    char z[64];
    bool is_partial = strcmp(charset, "latin1") == 0 || strcmp(charset, "gbk") == 0 || strcmp(charset, "gb18030") == 0;
    if (to->flavour == DB_TIDB && is_partial)
        return false;
    static const char *const any[] = {"bin", "general_ci", NULL};
    return strcmp(charset, "binary") == 0 || has_any(to, charset, any, z);
}

bool dialect_map(const struct target_dialect *to, const char *charset, const char *collation, char to_charset[64],
                 char to_collation[64])
{
    char cs[64], co[64];
    charset_name(charset, cs);
    collation_name(collation, co);
    snprintf(to_charset, 64, "%s", cs);
    snprintf(to_collation, 64, "%s", co);
    if (to->ncollations == 0 || strcmp(cs, "binary") == 0)
        return false;
    if (!charset_fits(to, cs))
        snprintf(to_charset, 64, "utf8mb4");
    else if (has(to, co, to_collation))
        goto alias;
    if (!nearest(to, to_charset, co, to_collation)) {
        snprintf(to_charset, 64, "utf8mb4");
        if (!nearest(to, "utf8mb4", co, to_collation))
            snprintf(to_collation, 64, "utf8mb4_bin");
    }
alias:
    if (strncmp(to_collation, "utf8_", 5) == 0)
        snprintf(to_charset, 64, "utf8");
    char same[64];
    collation_name(to_collation, same);
    return strcmp(same, co) != 0;
}
