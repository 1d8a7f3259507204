/* SPDX-License-Identifier: Apache-2.0
 * Every text a person reads goes through _(), or N_() in a table and _() where it is shown, or _n() where a number chooses
 * the words; English is the msgid (tests/tools/msgids.py finds them, lint holds assets/locale against them).
 *
 * The catalogues lie in the binary and are read by ~80 lines of our own: libc's gettext wants a file beside the program
 * and an installed locale that is not "C", and one binary on a bare host has neither. The format is gettext's (.mo), so
 * translators keep their tools. One language at a time, for the whole process; nothing but a window switches it, so that
 * what scripts read never changes with the locale. */
#ifndef TG_BASE_TEXT_H
#define TG_BASE_TEXT_H

#include "base/base.h"

#define _(msgid) text_translate(msgid)
#define N_(msgid) msgid
#define _n(one, many, n) text_plural(one, many, n)

/* The translation, or the msgid itself; lives as long as the process. Any thread. */
const char *text_translate(const char *msgid) __attribute__((format_arg(1)));
/* `one` where n is 1, else `many`; Chinese has one form. */
const char *text_plural(const char *one, const char *many, unsigned long long n) __attribute__((format_arg(1), format_arg(2)));

/* Entry i of the language that is spoken; many is NULL where no number chooses, empty translations are left out by the
 * build. false: there are no more, or none in this language. */
bool text_entry(uint32_t i, const char **one, const char **many, const char **said);

enum text_language { TEXT_EN, TEXT_ZH_CN, TEXT_LANGUAGES };
/* "en", "zh", "zh_CN", "zh_CN.UTF-8", …; false: not one of ours. */
bool text_language_parse(const char *name, enum text_language *out);
const char *text_language_name(enum text_language l);  /* "English", "中文": in itself */
const char *text_language_short(enum text_language l); /* "EN", "中文": for a corner of the screen */
enum text_language text_language(void);
void text_speak(enum text_language l);
/* For the calling thread English stays English: what it says is kept, and retold where it is shown (retell.h). Returns
 * how it was before. */
bool text_stay_english(bool stays);
/* What LANGUAGE, LC_ALL, LC_MESSAGES and LANG ask for, unless text_speak has already chosen. */
void text_speak_default(void);
/* LC_CTYPE by the environment. Where that locale is not installed but calls itself UTF-8, C.UTF-8 stands in: the bytes
 * are the same. */
void text_locale(void);

#endif
