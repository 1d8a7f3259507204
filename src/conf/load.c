// SPDX-License-Identifier: Apache-2.0
// FILE… to a job: every file is parsed, told apart by what it holds, and handed to the reader of
// its kind. Tasks come before sources whatever the order on the command line, because a task names
// the sources it wants.
#include "conf/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { KIND_NONE, KIND_NATIVE, KIND_TASK, KIND_SOURCE, KIND_TOPOLOGY };
enum { FILE_MAX = 4 << 20 };

static bool has_any(const struct ynode *root, const char *const *keys)
{
    for (; *keys; keys++)
        if (ymap_get(root, *keys))
            return true;
    return false;
}

static enum kind kind_of(const struct ynode *root)
{
    static const char *const tasks[] = {"task-mode", "target-database", "mysql-instances", NULL};
    static const char *const sources[] = {"source-id", "from", NULL};
    static const char *const topologies[] = {"master_servers", "worker_servers", NULL};
    static const char *const natives[] = {"version", "source",  "target", "mode",   "allow",
                                          "road",    "answers", "limits", "checks", NULL};
    if (root->kind != Y_MAP)
        return KIND_NONE;
    if (has_any(root, tasks))
        return KIND_TASK;
    if (has_any(root, sources))
        return KIND_SOURCE;
    if (has_any(root, topologies))
        return KIND_TOPOLOGY;
    if (has_any(root, natives))
        return KIND_NATIVE;
    return dm_is_fragment(root) ? KIND_TASK : KIND_NONE;
}

// A job built from several documents: of each kind the roots, in the order of the files.
struct heap {
    const struct ynode **of[KIND_TOPOLOGY + 1];
    size_t n[KIND_TOPOLOGY + 1];
};

static void sort_in(struct reader *r, struct heap *h, const struct ydoc *doc, const char *name)
{
    if (!doc->root) {
        problem_add(r->out, true, ERR_CONF_FILE, name, "the file is empty");
        return;
    }
    enum kind kind = kind_of(doc->root);
    if (kind == KIND_NONE) {
        rd_problem(r, false, ERR_CONF_FILE, doc->root,
                   "this is neither a job (version, source, target), nor a DM task (task-mode), a "
                   "DM source "
                   "(source-id, from) or a topology (master_servers)");
        return;
    }
    rd_duplicates(r, doc);
    h->of[kind] = x_realloc(h->of[kind], (h->n[kind] + 1) * sizeof *h->of[kind]);
    h->of[kind][h->n[kind]++] = doc->root;
}

static void read_native(struct reader *r, const struct ynode *root)
{
    if (!ymap_get(root, "version"))
        rd_problem(r, false, ERR_CONF_MISSING, root, "version: 1 is missing");
    rd_group(r, root, job_fields, r->job, "", "");
}

// What holds for any kind of file: every source has an id of its own.
static void finish(struct job *j, struct job_problems *out)
{
    for (size_t i = 0; i < j->nsources; i++) {
        struct job_end *s = &j->sources[i];
        if (!s->id)
            s->id = x_format("source-%zu", i + 1);
        if (s->start_gtid && !s->start_file)
            s->enable_gtid = true;
        for (size_t k = 0; k < i; k++)
            if (!strcmp(s->id, j->sources[k].id))
                problem_add(out, false, ERR_CONF_VALUE, "source",
                            "the source id %.80s is there twice", s->id);
    }
}

static void read_all(struct reader *r, const struct heap *h)
{
    struct dm_files dm = {
        h->of[KIND_TASK], h->n[KIND_TASK], h->of[KIND_SOURCE], h->n[KIND_SOURCE], NULL, 0};
    for (size_t i = 0; i < h->n[KIND_TOPOLOGY]; i++)
        dm_topology(r, h->of[KIND_TOPOLOGY][i]);
    for (size_t i = 0; i < h->n[KIND_NATIVE]; i++) {
        if (i)
            rd_problem(r, false, ERR_CONF_FILE, h->of[KIND_NATIVE][i],
                       "this is a second job, and a run takes one");
        else
            read_native(r, h->of[KIND_NATIVE][i]);
    }
    if (h->n[KIND_NATIVE] && (dm.ntasks || dm.nsources))
        rd_problem(
            r, false, ERR_CONF_FILE, dm.ntasks ? dm.tasks[0] : dm.sources[0],
            "this is a file of DM, and a job is given already; a run takes one or the other");
    else if (dm.ntasks || dm.nsources)
        dm_read(r, &dm);
}

bool conf_load(struct job *j, const struct conf_text *texts, size_t n, struct job_problems *out)
{
    struct reader r = {.job = j, .out = out};
    struct ydoc *docs = x_alloc((n + 1) * sizeof *docs);
    struct heap heap = {0};
    struct err e;
    size_t before = out->nerrors;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(texts[i].name);
        if (length > 5 && !strcmp(texts[i].name + length - 5, ".toml"))
            problem_add(out, true, ERR_CONF_FILE, texts[i].name,
                        "TOML files of DM's own processes are not read; it is left out");
        else if (ydoc_parse(&docs[i], texts[i].name, texts[i].text, texts[i].n, &e))
            sort_in(&r, &heap, &docs[i], texts[i].name);
        else
            problem_add(out, false, e.code, e.where, "%s", e.text);
    }
    read_all(&r, &heap);
    finish(j, out);
    for (size_t i = 0; i < n; i++)
        ydoc_release(&docs[i]);
    for (size_t i = 0; i < TG_ARRAY_LEN(heap.of); i++)
        free(heap.of[i]);
    free(docs);
    return out->nerrors == before;
}

static bool read_file(const char *path, struct buf *out, struct job_problems *problems)
{
    char piece[16384];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file) {
        problem_add(problems, false, ERR_CONF_FILE, path, "it can't be opened: %s",
                    strerror(errno));
        return false;
    }
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && out->n <= FILE_MAX)
        buf_add(out, piece, n);
    bool is_fine = !ferror(file);
    if (!is_fine)
        problem_add(problems, false, ERR_CONF_FILE, path, "it can't be read: %s", strerror(errno));
    fclose(file);
    explicit_bzero(piece, sizeof piece); /* passwords of DM's files */
    return is_fine;
}

bool job_load(struct job *j, const char *const *files, size_t nfiles, struct job_problems *out)
{
    struct buf *bufs = x_alloc((nfiles + 1) * sizeof *bufs);
    struct conf_text *texts = x_alloc((nfiles + 1) * sizeof *texts);
    size_t n = 0, before = out->nerrors;
    for (size_t i = 0; i < nfiles; i++)
        if (read_file(files[i], &bufs[i], out))
            texts[n++] = (struct conf_text){files[i], bufs[i].p ? bufs[i].p : "", bufs[i].n};
    conf_load(j, texts, n, out);
    for (size_t i = 0; i < nfiles; i++) {
        if (bufs[i].p)
            explicit_bzero(bufs[i].p, bufs[i].n);
        buf_release(&bufs[i]);
    }
    free(texts);
    free(bufs);
    return out->nerrors == before;
}
