// SPDX-License-Identifier: Apache-2.0
// What the target would be sent: a dry run of every CREATE TABLE, and what of its text the target would still refuse.
#include "check/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- a dry run of the rewriter ---- */

/* Kinds of the rewriter's notes by their words; those not worth a person's minute are not told. */
static const struct {
    const char *mark;
    bool is_told;
} kinds[] = {
    {"is written down, but the target does not enforce it", true},
    {"it is not enforced at the source", false},
    {"CHECK (json_valid", false},               /* how MariaDB spells JSON */
    {" in an expression becomes ", true},
    {": collation ", false}, {"collation ", false}, /* table.collation */
    {"its DEFAULT is left out", true},
    {"characters take more bytes", false},
    {"SRID and WKB", true},
    {", with the same text", false},
    {"is not compressed", false},
    {"is visible at the target", true},
    {"FULLTEXT index", true},
    {"SPATIAL index", true},
    {"it holds a whole TEXT or BLOB", true},
    {"over an expression is left out", true},
    {"subpartitions are left out", false},      /* table.partitions */
    {"engine ", false},                         /* table.engine */
    {"option ENCRYPT", true},
    {"option ", false},
};
struct noted {
    char *first[TG_ARRAY_LEN(kinds)];
    uint32_t n[TG_ARRAY_LEN(kinds)];
};

/* A line of notes: "schema.table: text". One of a kind that is not known is told by itself. */
static void take_note(struct noted *all, struct check_result *out, const char *line, size_t n)
{
    char *text = x_strndup(line, n);
    size_t k = 0;
    while (k < TG_ARRAY_LEN(kinds) && !strstr(text, kinds[k].mark))
        k++;
    if (k == TG_ARRAY_LEN(kinds)) {
        find(out, CHECK_WARN, NULL, "%s", text);
    } else if (all->n[k]++ == 0) {
        all->first[k] = text;
        return;
    }
    free(text);
}

static void take_notes(struct noted *all, struct check_result *out, const struct buf *notes)
{
    for (const char *p = notes->p, *end; p && *p; p = end + 1) {
        end = strchr(p, '\n');
        if (!end)
            break;
        take_note(all, out, p, (size_t)(end - p));
    }
}

static void tell_notes(struct noted *all, struct check_result *out)
{
    for (size_t k = 0; k < TG_ARRAY_LEN(kinds); k++) {
        if (all->n[k] > 1 && kinds[k].is_told)
            find(out, CHECK_WARN, NULL, "%s; the same in %u more places", all->first[k], all->n[k] - 1);
        else if (all->n[k] && kinds[k].is_told)
            find(out, CHECK_WARN, NULL, "%s", all->first[k]);
        free(all->first[k]);
    }
}

static bool rewrite(struct run *r, uint32_t i, struct buf *sql, struct buf *notes, struct err *e)
{
    struct ddl_context cx = ddl_context_of(&r->end[SOURCE].conn.server, str_of(r->tables.tables[i]->schema));
    struct ddl d;
    uint64_t only = 1;
    const char *text = r->tables.create_sql[i];
    buf_reset(sql);
    buf_reset(notes);
    if (!ddl_parse(&d, text, strlen(text), &cx, e))
        return false;
    bool fine = ddl_rewrite(sql, &d, &cx, &r->dialect, job_route_port, (void *)(uintptr_t)r->job, &only, notes, e);
    ddl_release(&d);
    return fine;
}

void check_table_rewrite(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct buf sql = {0}, notes = {0};
    struct noted all = {0};
    struct picked bad = {0};
    if (!run_dialect(r, &e)) {
        unread(out, &e);
        return;
    }
    for (uint32_t i = 0; i < r->tables.n; i++) {
        struct err why = {0};
        const struct table *t = r->tables.tables[i];
        if (rewrite(r, i, &sql, &notes, &why)) {
            take_notes(&all, out, &notes);
        } else if (why.code != ERR_SOURCE_TYPE && why.code != ERR_SOURCE_GEOMETRY && !t->is_versioned) { /* these have been told */
            find(out, CHECK_FAIL, NULL, "%s", why.text);
            judge(out, CHECK_FAIL, why.code);
            pick(&bad, t);
        }
    }
    tell_notes(&all, out);
    if (bad.n)
        set_found(out, "%u of %u can't be made", bad.n, r->tables.n);
    else
        set_found(out, "all %u can be made", r->tables.n);
    cure_exclude_picked(out, r->job, &bad);
    buf_release(&sql);
    buf_release(&notes);
}

/* ---- functions in expressions ---- */

/* Words that stand before a parenthesis and are no functions of their own: operators, types, parts of syntax. */
static const char *const syntax[] = {"and", "as", "between", "binary", "bit", "by", "case", "cast", "char", "collate", "convert", "date",
                                     "datetime", "decimal", "div", "double", "else", "end", "escape", "float", "from", "in", "int", "integer",
                                     "interval", "is", "like", "mod", "nchar", "not", "numeric", "on", "or", "real", "regexp", "returning",
                                     "rlike", "signed", "sounds", "then", "time", "unsigned", "using", "values", "varbinary", "varchar",
                                     "when", "xor", "year", "insert"};
/* What TiDB has, and refuses in generated columns: what is another value each time. */
static const char *const unsteady[] = {
    "benchmark", "connection_id", "curdate", "current_date", "current_role", "current_time", "current_timestamp", "current_user", "curtime",
    "database", "found_rows", "get_lock", "is_free_lock", "is_used_lock", "last_insert_id", "load_file", "localtime", "localtimestamp",
    "master_pos_wait", "name_const", "now", "rand", "random_bytes", "release_all_locks", "release_lock", "row_count", "schema",
    "session_user", "sleep", "sysdate", "system_user", "unix_timestamp", "user", "utc_date", "utc_time", "utc_timestamp", "uuid",
    "uuid_short", "version"};

static bool is_among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(word, list[i]) == 0)
            return true;
    return false;
}

/* A set of lower-case words between commas. */
static bool is_listed(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strcasestr(p, word)) != NULL; p += n)
        if ((p == list || p[-1] == ',' || p[-1] == ' ') && (p[n] == 0 || p[n] == ',' || p[n] == ' '))
            return true;
    return false;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* MySQL 8 writes expressions into its catalogue as if they stood in a string: \' for a quote. */
static char *unescaped(const char *p)
{
    char *copy = x_strdup(p), *to = copy;
    const char *quote = strpbrk(p, "'\"");
    bool is_escaped = quote && quote > p && quote[-1] == '\\';
    for (; *p; p++) {
        p += is_escaped && *p == '\\' && p[1];
        *to++ = *p;
    }
    *to = 0;
    return copy;
}

/* Behind a text or quoted name that begins at p. */
static const char *behind_quotes(const char *p)
{
    char quote = *p++;
    for (; *p; p++) {
        if (*p == '\\' && quote != '`' && p[1])
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return p;
}

/* The next function that the expression calls, in small letters, and behind it; NULL: no more. */
static const char *next_call(const char *p, char name[64])
{
    while (*p) {
        if (*p == '\'' || *p == '"' || *p == '`') {
            p = behind_quotes(p);
            continue;
        }
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        if (n == 0) {
            p++;
            continue;
        }
        for (size_t i = 0; i < n && i < 63; i++)
            name[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
        name[TG_MIN(n, (size_t)63)] = 0;
        p += n;
        if (*p == '(' && !is_among(name, syntax, TG_ARRAY_LEN(syntax)) && !(name[0] >= '0' && name[0] <= '9'))
            return p;
    }
    return NULL;
}

struct calls {
    struct run *r;
    struct check_result *out;
    struct picked bad;
    char *builtins, *in_indexes;      /* words between commas */
};

/* What TiDB calls differently in its list. */
static bool has_builtin(const struct calls *c, const char *name)
{
    return is_listed(c->builtins, name) || strcmp(name, "if") == 0;
}

static void judge_expression(struct calls *c, const char *schema, const char *table, const char *name, const char *expression, bool is_index)
{
    int64_t i = run_find_table(c->r, schema, table);
    char call[64], *text = unescaped(expression);
    for (const char *p = text; i >= 0 && (p = next_call(p, call)) != NULL;) {
        bool fits = is_index ? is_listed(c->in_indexes, call) : has_builtin(c, call) && !is_among(call, unsteady, TG_ARRAY_LEN(unsteady));
        if (fits)
            continue;
        if (is_index)
            find(c->out, CHECK_FAIL, NULL, "%s.%s: TiDB takes no %s() in an index, as %s has it", schema, table, call, name);
        else
            find(c->out, CHECK_FAIL, NULL, "%s.%s: TiDB takes no %s() in a generated column, as %s has it", schema, table, call, name);
        judge(c->out, CHECK_FAIL, ERR_TARGET_QUERY);
        pick(&c->bad, c->r->tables.tables[i]);
        break;
    }
    free(text);
}

static bool judge_all(struct calls *c, const char *sql, bool is_index, struct err *e)
{
    MYSQL_RES *res;
    if (!conn_query(&c->r->end[SOURCE].conn, sql, &res, e))
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        judge_expression(c, row[0], row[1], row[2], row[3] ? row[3] : "", is_index);
    mysql_free_result(res);
    return true;
}

static bool read_builtins(struct calls *c, struct err *e)
{
    MYSQL_RES *res;
    struct buf list = {0};
    const char *in_indexes = end_variable(&c->r->end[TARGET], "tidb_allow_function_for_expression_index");
    if (!conn_query(&c->r->end[TARGET].conn, "SHOW BUILTINS", &res, e))
        return false;
    for (MYSQL_ROW row; (row = mysql_fetch_row(res)) != NULL;)
        buf_addf(&list, "%s,", row[0]);
    mysql_free_result(res);
    c->builtins = buf_take(&list);
    c->in_indexes = x_strdup(in_indexes ? in_indexes : "");
    return true;
}

#define NOT_SYSTEM " AND TABLE_SCHEMA NOT IN ('mysql','sys','information_schema','performance_schema')"

void check_table_generated(struct run *r, struct check_result *out)
{
    struct err e = {0};
    struct calls c = {.r = r, .out = out};
    uint32_t ngenerated = 0, nindexes = 0;
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        for (uint32_t k = 0; k < t->ncolumns; k++)
            ngenerated += t->columns[k].is_generated;
        for (uint32_t k = 0; k < t->nkeys; k++)
            for (uint32_t p = 0; p < t->keys[k].nparts; p++)
                nindexes += t->keys[k].parts[p].column == UINT32_MAX;
    }
    set_found(out, ngenerated + nindexes ? "columns: %u, indexes: %u" : "none", ngenerated, nindexes);
    bool fine = (!ngenerated && !nindexes) || read_builtins(&c, &e);
    if (fine && ngenerated)
        fine = judge_all(&c, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, GENERATION_EXPRESSION FROM information_schema.COLUMNS"
                             " WHERE GENERATION_EXPRESSION <> ''" NOT_SYSTEM, false, &e);
    if (fine && nindexes)
        fine = judge_all(&c, "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, EXPRESSION FROM information_schema.STATISTICS"
                             " WHERE EXPRESSION IS NOT NULL" NOT_SYSTEM, true, &e);
    if (!fine)
        unread(out, &e);
    cure_exclude_picked(out, r->job, &c.bad);
    free(c.builtins);
    free(c.in_indexes);
}

/* ---- partitions ---- */

void check_table_partitions(struct run *r, struct check_result *out)
{
    uint32_t n = 0;
    char label[160];
    for (uint32_t i = 0; i < r->tables.n; i++) {
        const struct table *t = r->tables.tables[i];
        if (!t->is_partitioned)
            continue;
        n++;
        table_label(t, label);
        if (strstr(table_options(r->tables.create_sql[i]), "\nSUBPARTITION BY"))
            find(out, CHECK_WARN, NULL, "%s: its subpartitions are left out, TiDB has none", label);
    }
    set_found(out, n == 1 ? "%u partitioned table" : n ? "%u partitioned tables" : "none", n);
}
