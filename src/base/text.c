// SPDX-License-Identifier: Apache-2.0
/* A reader of .mo: a header, two tables of (length, offset) and the strings, sorted by msgid, all numbers little-endian
 * (msgfmt is told so). An entry with a plural holds "one\0many"; its first part is what is looked for. */
#include "base/text.h"

#include <locale.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <strings.h>

extern const unsigned char text_zh_cn[]; /* made by the build from assets/locale/zh_CN.po */
extern const size_t text_zh_cn_size;

static _Atomic enum text_language spoken = TEXT_EN;
static atomic_bool is_chosen;
static _Thread_local bool stays_english;

static uint32_t number_at(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static const char *string_at(const unsigned char *mo, uint32_t table, uint32_t i)
{
    return (const char *)mo + number_at(mo + table + 8 * (size_t)i + 4);
}

static const char *look_up(const unsigned char *mo, const char *msgid)
{
    uint32_t n = number_at(mo + 8), originals = number_at(mo + 12), translations = number_at(mo + 16);
    for (uint32_t low = 0, high = n; low < high;) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(msgid, string_at(mo, originals, middle));
        if (order == 0)
            return string_at(mo, translations, middle);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* NULL: none, the msgid will do. "" is the catalogue's own header. */
static const char *translation(const char *msgid)
{
    if (atomic_load_explicit(&spoken, memory_order_relaxed) != TEXT_ZH_CN || stays_english || !msgid[0])
        return NULL;
    const char *found = look_up(text_zh_cn, msgid);
    return found && found[0] ? found : NULL;
}

const char *text_translate(const char *msgid)
{
    const char *found = translation(msgid);
    return found ? found : msgid;
}

const char *text_plural(const char *one, const char *many, unsigned long long n)
{
    const char *found = translation(one);
    return found ? found : n == 1 ? one : many;
}

/* Entry 0 is the catalogue's header. */
bool text_entry(uint32_t i, const char **one, const char **many, const char **said)
{
    const unsigned char *mo = text_zh_cn;
    uint32_t n = number_at(mo + 8), originals = number_at(mo + 12);
    if (atomic_load_explicit(&spoken, memory_order_relaxed) != TEXT_ZH_CN || ++i >= n)
        return false;
    *one = string_at(mo, originals, i);
    size_t length = strlen(*one);
    *many = length < number_at(mo + originals + 8 * (size_t)i) ? *one + length + 1 : NULL;
    *said = string_at(mo, number_at(mo + 16), i);
    return true;
}

/* ---- which language ---- */

static const struct {
    const char *name, *own, *corner;
} languages[TEXT_LANGUAGES] = {[TEXT_EN] = {"en", "English", "EN"}, [TEXT_ZH_CN] = {"zh", "中文", "中文"}};

/* Traditional Chinese is another script: who asks for it gets English rather than the wrong one. */
bool text_language_parse(const char *name, enum text_language *out)
{
    static const char *const traditional[] = {"zh_TW", "zh_HK", "zh_MO", "zh_Hant"};
    char plain[24] = "";
    for (size_t i = 0; name[i] && i + 1 < sizeof plain; i++)
        plain[i] = name[i] == '-' ? '_' : name[i];
    for (size_t i = 0; i < TG_ARRAY_LEN(traditional); i++)
        if (strncasecmp(plain, traditional[i], strlen(traditional[i])) == 0)
            return false;
    for (int l = 0; l < TEXT_LANGUAGES; l++) {
        size_t n = strlen(languages[l].name);
        if (strncasecmp(plain, languages[l].name, n) == 0 && strchr("_.@:", plain[n])) {
            *out = (enum text_language)l;
            return true;
        }
    }
    return false;
}

const char *text_language_name(enum text_language l)
{
    return languages[l].own;
}

const char *text_language_short(enum text_language l)
{
    return languages[l].corner;
}

enum text_language text_language(void)
{
    return atomic_load(&spoken);
}

void text_speak(enum text_language l)
{
    atomic_store(&spoken, l);
    atomic_store(&is_chosen, true);
}

bool text_stay_english(bool stays)
{
    bool was = stays_english;
    stays_english = stays;
    return was;
}

void text_speak_default(void)
{
    static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    enum text_language l = TEXT_EN;
    if (atomic_load(&is_chosen))
        return;
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            if (!text_language_parse(value, &l))
                l = TEXT_EN;
            break;
        }
    }
    text_speak(l);
}

void text_locale(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    if (setlocale(LC_CTYPE, ""))
        return;
    for (size_t i = 0; i < TG_ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (value && value[0]) {
            if (strcasestr(value, "UTF-8") || strcasestr(value, "utf8"))
                setlocale(LC_CTYPE, "C.UTF-8");
            return;
        }
    }
}
