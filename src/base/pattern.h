/* SPDX-License-Identifier: Apache-2.0
 * Name patterns of allow lists and routes, as DM has them: a leading ~ makes a regular expression
 * that may match anywhere in the name; anything else is a glob with * ? [a-z] [!a-z] that must
 * match the whole name. Stateless and thread safe. Regular expressions run under a match limit, so
 * a hostile one only fails. */
#ifndef TG_BASE_PATTERN_H
#define TG_BASE_PATTERN_H

#include "base/err.h"

bool pattern_matches(const char *pattern, const char *name, bool is_case_sensitive);
/* false with ERR_CONF_VALUE for a regular expression that can't be compiled, or an empty pattern.
 */
bool pattern_check(const char *pattern, struct err *e);
/* Has it any special character, or is it a plain name? */
bool pattern_is_literal(const char *pattern);

#endif
