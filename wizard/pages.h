/* SPDX-License-Identifier: Apache-2.0
 * The pages, one file each. */
#ifndef TG_WIZARD_PAGES_H
#define TG_WIZARD_PAGES_H

#include "wizard/wz.h"

extern const struct page page_start, page_source, page_path, page_target, page_scope, page_route, page_checks, page_review;

#endif
