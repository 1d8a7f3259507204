// SPDX-License-Identifier: Apache-2.0
/* A whole address in the field of the host: what a console or an application's settings give to copy. */
#include "ui/text.h"
#include "wizard/pages.h"

#include <stdio.h>
#include <string.h>

struct address {
    char host[256], port[8], user[160], password[400];
    bool has_password;
};

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* n bytes without their %XX; false: too long, or a NUL among them. */
static bool decode(const char *p, size_t n, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < n && used + 1 < size; i++) {
        bool is_coded = p[i] == '%' && i + 2 < n && hex_of(p[i + 1]) >= 0 && hex_of(p[i + 2]) >= 0;
        out[used++] = is_coded ? (char)(hex_of(p[i + 1]) * 16 + hex_of(p[i + 2])) : p[i];
        i += is_coded ? 2 : 0;
        if (!out[used - 1] || (used + 1 == size && i + 1 < n))
            return false;
    }
    out[used] = 0;
    return true;
}

/* "host", "host:port", "[::1]:port" */
static bool read_place(const char *p, size_t n, struct address *out)
{
    const char *end = p + n, *host = p, *colon;
    if (*p == '[') {
        const char *close = memchr(p, ']', n);
        if (!close)
            return false;
        host = p + 1;
        colon = close + 1 < end ? close + 1 : NULL;
        n = (size_t)(close - host);
    } else {
        colon = memchr(p, ':', n);
        n = colon ? (size_t)(colon - p) : n;
    }
    if (!n || n >= sizeof out->host || memchr(host, ',', n) || (colon && (*colon != ':' || (size_t)(end - colon) > sizeof out->port)))
        return false;
    snprintf(out->host, sizeof out->host, "%.*s", (int)n, host);
    snprintf(out->port, sizeof out->port, "%.*s", colon ? (int)(end - colon - 1) : 0, colon ? colon + 1 : "");
    return true;
}

/* The last @ before the path ends the user: a password may hold one that nobody has coded. A slash that nobody has coded
 * can't be told from the path's. */
static bool read_address(const char *value, struct address *out)
{
    const char *p = strstr(value, "://") + 3, *at = memrchr(p, '@', strcspn(p, "/?#")), *place = at ? at + 1 : p;
    const char *colon = at ? memchr(p, ':', (size_t)(at - p)) : NULL;
    *out = (struct address){.has_password = colon != NULL};
    if (!at && strchr(p, '@'))
        return false;
    if (at && !decode(p, (size_t)((colon ? colon : at) - p), out->user, sizeof out->user))
        return false;
    if (colon && !decode(colon + 1, (size_t)(at - colon - 1), out->password, sizeof out->password))
        return false;
    size_t n = strcspn(place, "/?#");
    return n && read_place(place, n, out);
}

static bool take_password(struct wz *w, bool is_target, const char *value, struct err *e)
{
    const struct form *f = &w->form[is_target ? STEP_TARGET : STEP_SOURCE];
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->field[i].path, is_target ? "target.password" : "source.password") == 0)
            return form_set_secret(&f->field[i], w, value, e);
    return true;
}

static bool take(struct wz *w, bool is_target, const struct address *a, struct err *e)
{
    char path[100];
    if (a->port[0] && !job_set(w->job, end_path(w, is_target, "port", path), a->port, e))
        return false;
    if (!job_set(w->job, end_path(w, is_target, "host", path), a->host, e))
        return false;
    if (a->user[0] && !job_set(w->job, end_path(w, is_target, "user", path), a->user, e))
        return false;
    bool fine = !a->has_password || take_password(w, is_target, a->password, e);
    form_judge(&w->form[is_target ? STEP_TARGET : STEP_SOURCE], w); /* no variable is missing any more */
    return fine;
}

bool end_set_host(struct wz *w, bool is_target, const char *value, struct err *e)
{
    struct address a;
    char path[100];
    if (!strstr(value, "://"))
        return job_set(w->job, end_path(w, is_target, "host", path), value, e);
    bool fine = read_address(value, &a);
    if (!fine)
        err_set(e, ERR_CONF_VALUE, "%s", _("a name or an address only; the port and the user have fields of their own"));
    else
        fine = take(w, is_target, &a, e);
    if (fine)
        wz_notice(w, "%s", a.has_password ? _("the address was taken apart: host, port, user and password have their fields") : _("the address was taken apart: host, port and user have their fields"));
    explicit_bzero(&a, sizeof a);
    return fine;
}
