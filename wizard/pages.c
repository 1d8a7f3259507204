// SPDX-License-Identifier: Apache-2.0
// The table of pages.
#include "wizard/pages.h"

const struct page *const wz_pages[STEP_COUNT] = {
    [STEP_START] = &page_start, [STEP_SOURCE] = &page_source, [STEP_PATH] = &page_path,   [STEP_TARGET] = &page_target,
    [STEP_SCOPE] = &page_scope, [STEP_ROUTE] = &page_route,   [STEP_CHECKS] = &page_checks, [STEP_REVIEW] = &page_review,
};
