/* SPDX-License-Identifier: Apache-2.0
 * What the test of an end says: the results of its checks as sentences, several steps that went well in one. */
#ifndef TG_WIZARD_TOLD_H
#define TG_WIZARD_TOLD_H

#include "wizard/wz.h"

struct told {                         /* what earlier results said and was not told yet; starts zeroed */
    char connect[24], version[96], format[24];
    bool may_copy;
};
/* The sentence that r makes, after those before it; false: none, or it waits for the next one. */
bool told_line(struct told *t, const struct job_end *end, const struct check_result *r, struct probe_line *out);
/* What to do about a failure, as the catalogue of errors says it; false: it says nothing. */
bool told_remedy(const struct check_result *r, struct probe_line *out);
/* The closing line of a test, from its view; false: nothing is known. */
bool told_view(const struct check_view *v, bool is_target, struct probe_line *out);

#endif
