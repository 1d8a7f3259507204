// SPDX-License-Identifier: Apache-2.0
#include "ui/text.h"
#include "wizard/pages.h"

static void draw(struct wz *w, struct canvas *c, struct rect r)
{
    form_draw(&w->form[w->at], w, c, (struct rect){r.y + 1, 2, TG_MAX(r.h - 1, 0), r.w - 4});
}

static const char *const buttons[] = {N_("Back"), N_("Next"), NULL};

const struct page page_checks = {.step = STEP_CHECKS, .title = N_("Checks"), .question = N_(""), .buttons = buttons, .where = 2, .draw = draw};
