/* SPDX-License-Identifier: Apache-2.0
 * Private to conf: every key that DM's strict decoder knows, block by block, with its kind and what
 * it does here. A key that sets something names the row of the field table it goes to, so there is
 * one reader for values. */
#ifndef TG_CONF_DM_KEYS_H
#define TG_CONF_DM_KEYS_H

enum dm_kind { K_TEXT, K_INT, K_BOOL, K_DURATION, K_WORDS, K_ANY, K_SUB, K_SUBS, K_NAMED };
enum dm_effect {
    E_NONE,   /* no effect here, and nothing is lost by that */
    E_SET,    /* goes to the field `to`; with a leading / a field of the job, else of the server at
                 hand */
    E_CLAMP,  /* the same for numbers, brought into the field's range with a warning */
    E_WARN,   /* has no effect here, and the reason is worth a line */
    E_REFUSE, /* changes what arrives: job_check refuses it */
    E_CODE,   /* dm.c has code for it */
};
struct dm_key {
    const char *block, *key;
    enum dm_kind kind;
    enum dm_effect effect;
    const char *sub; /* block of K_SUB, K_SUBS, K_NAMED */
    const char *to;  /* field path, or the reason of E_WARN and E_REFUSE */
};
extern const struct dm_key dm_keys[]; /* block NULL ends them */

#endif
