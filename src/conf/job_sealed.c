// SPDX-License-Identifier: Apache-2.0
// A job and its sealed files: which passwords lie in one, taking them out, putting typed ones in.
#include "conf/field.h"
#include "conf/sealed.h"

#include <stdio.h>
#include <stdlib.h>

static size_t nsecrets(const struct job *j)
{
    return 2 * (j->nsources + 1);
}

/* The i-th secret; name: what it is called in a file ("source", "source2-ssh", "target"). */
static struct job_secret *secret_at(const struct job *j, size_t i, char name[SEALED_NAME_MAX])
{
    bool is_target = i / 2 == j->nsources;
    struct job_end *end = is_target ? (struct job_end *)&j->target : &j->sources[i / 2];
    if (is_target || i < 2)
        snprintf(name, SEALED_NAME_MAX, "%s%s", is_target ? "target" : "source", i % 2 ? "-ssh" : "");
    else
        snprintf(name, SEALED_NAME_MAX, "source%zu%s", i / 2 + 1, i % 2 ? "-ssh" : "");
    return i % 2 ? &end->ssh.password : &end->password;
}

/* "…/FILE#NAME": the NAME, where FILE is this one (NULL: any). */
static const char *name_in(const struct job_secret *s, const char *path)
{
    const char *mark = s->origin == SECRET_SEALED ? strrchr(s->reference, '#') : NULL;
    size_t n = mark ? (size_t)(mark - s->reference) : 0;
    return mark && (!path || (strlen(path) == n && strncmp(path, s->reference, n) == 0)) ? mark + 1 : NULL;
}

char *job_sealed_file(const struct job *j)
{
    char name[SEALED_NAME_MAX];
    for (size_t i = 0; i < nsecrets(j); i++) {
        const struct job_secret *s = secret_at(j, i, name);
        const char *inside = s->value ? NULL : name_in(s, NULL);
        if (inside)
            return x_strndup(s->reference, (size_t)(inside - 1 - s->reference));
    }
    return NULL;
}

static bool no_name(const char *path, const struct sealed *file, const char *what, const char *wanted, struct err *e)
{
    struct buf all = {0};
    for (size_t i = 0; i < file->n; i++)
        buf_addf(&all, "%s%s", i ? ", " : "", file->entry[i].name);
    err_set(e, ERR_SEALED_NAME, "password of %s: %.300s holds no %s; it holds: %.400s", what, path, wanted, all.n ? all.p : "-");
    if (e)
        snprintf(e->where, sizeof e->where, "%s", path);
    buf_release(&all);
    return false;
}

bool job_unseal(struct job *j, const char *path, const struct secret *passphrase, struct err *e)
{
    struct sealed file;
    char name[SEALED_NAME_MAX];
    bool is_fine = sealed_read(&file, path, passphrase, e);
    for (size_t i = 0; is_fine && passphrase && i < nsecrets(j); i++) { /* all of them are there, or none is taken */
        const char *inside = name_in(secret_at(j, i, name), path);
        is_fine = !inside || sealed_get(&file, inside) || no_name(path, &file, name, inside, e);
    }
    for (size_t i = 0; is_fine && passphrase && i < nsecrets(j); i++) {
        struct job_secret *s = secret_at(j, i, name);
        const char *inside = s->value ? NULL : name_in(s, path);
        if (inside)
            s->value = secret_copy(sealed_get(&file, inside));
    }
    sealed_release(&file);
    return is_fine;
}

size_t job_typed(const struct job *j)
{
    char name[SEALED_NAME_MAX];
    size_t n = 0;
    for (size_t i = 0; i < nsecrets(j); i++) {
        const struct job_secret *s = secret_at(j, i, name);
        n += s->value && s->is_typed;
    }
    return n;
}

char *job_sealed_beside(const char *job_path)
{
    static const char *const ends[] = {".yaml", ".yml"};
    char *whole = path_from("", job_path);
    size_t n = strlen(whole);
    for (size_t i = 0; i < TG_ARRAY_LEN(ends); i++)
        if (n > strlen(ends[i]) && strcmp(whole + n - strlen(ends[i]), ends[i]) == 0) {
            whole[n - strlen(ends[i])] = 0;
            break;
        }
    char *path = x_format("%s.sealed", whole);
    free(whole);
    return path;
}

/* A name that no password takes which stays. */
static void take_name(struct sealed *file, char name[SEALED_NAME_MAX])
{
    size_t n = strlen(name);
    for (unsigned k = 2; sealed_get(file, name); k++)
        snprintf(name + n, SEALED_NAME_MAX - n, "-%u", k);
}

bool job_seal(struct job *j, const char *path, const struct secret *passphrase, struct err *e)
{
    struct sealed file = {0};
    char name[SEALED_NAME_MAX];
    char **reference = x_alloc(nsecrets(j) * sizeof *reference);
    bool is_fine = true;
    for (size_t i = 0; is_fine && i < nsecrets(j); i++) { /* what is in the file stays in it */
        const struct job_secret *s = secret_at(j, i, name);
        const char *inside = s->is_typed ? NULL : name_in(s, path);
        if (inside)
            is_fine = (s->value || err_set(e, ERR_SEALED_PASSPHRASE, "%s holds the password of %s, and was not opened yet", path, name)) && sealed_put(&file, inside, s->value, e);
    }
    for (size_t i = 0; is_fine && i < nsecrets(j); i++) {
        const struct job_secret *s = secret_at(j, i, name);
        if (!s->value || !s->is_typed)
            continue;
        take_name(&file, name);
        is_fine = sealed_put(&file, name, s->value, e);
        reference[i] = x_format("%s#%s", path, name);
    }
    is_fine = is_fine && sealed_write(path, &file, passphrase, e);
    for (size_t i = 0; i < nsecrets(j); i++) {
        struct job_secret *s = secret_at(j, i, name);
        if (is_fine && reference[i]) {
            free(s->reference);
            s->reference = x_strdup(reference[i]);
            s->origin = SECRET_SEALED;
            s->is_typed = false;
        }
        free(reference[i]);
    }
    free(reference);
    sealed_release(&file);
    return is_fine;
}
