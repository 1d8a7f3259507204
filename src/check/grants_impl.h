/* SPDX-License-Identifier: Apache-2.0
 * Private to the grants reader: its table of privileges. */
#ifndef TG_CHECK_GRANTS_IMPL_H
#define TG_CHECK_GRANTS_IMPL_H

#include "check/grants.h"

enum priv_scope { PRIV_SCOPE_T, PRIV_SCOPE_S, PRIV_SCOPE_G };
/* The widest scope that p can be granted on. */
enum priv_scope priv_scope(enum priv p);
/* What ALL means on *.* (G), on a schema (S), on a table (T). */
uint64_t priv_all(enum priv_scope scope);
/* The bits that a word of a GRANT line means, upper case and single spaces; *is_known is false for words of no server.
 * A word that is known and means nothing here gives 0. ALL is the caller's. */
uint64_t priv_bits(const char *word, bool *is_known);
/* The PRIV_BITs (of *.*) each of which stands for p. */
uint64_t priv_stands_for(enum priv p, enum db_flavour flavour, unsigned version);
/* False where everybody may do what p is for. */
bool priv_is_needed(enum priv p, enum db_flavour flavour, unsigned version);

#endif
