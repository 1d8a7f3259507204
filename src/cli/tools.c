// SPDX-License-Identifier: Apache-2.0
/* What needs no run: verify, export, encrypt, decrypt. */
#include "cli/cli.h"
#include "conf/dm_emit.h"
#include "conf/dm_secret.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int cmd_verify(const struct command *self, int argc, char **argv)
{
    struct job_options jo = {0};
    bool json = false;
    const struct opt opts[] = {
        {"set", "PATH=VALUE", OPT_LIST, &jo.sets, "set a value of the job; may be repeated"},
        {"passphrase-from", "REF", OPT_TEXT, &jo.passphrase_from, CLI_PASSPHRASE_HELP},
        {"json", NULL, OPT_SWITCH, &json, "one JSON object in place of text"},
    };
    int first, code;
    struct job j;
    struct err e = {0};
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code)) {
        cli_job_options_release(&jo);
        return code;
    }
    if (first == argc)
        return cli_usage(self, "no file is named");
    job_init(&j);
    if (cli_job_ready(&j, &jo, argv + first, argc - first, &code)) {
        code = engine_verify(&j, json, &e);
        if (e.code != ERR_OK)
            cli_fail(&e);
    }
    job_release(&j);
    cli_job_options_release(&jo);
    return code;
}

bool cli_new_file(const char *path, const struct buf *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && write(fd, text->p, text->n) == (ssize_t)text->n;
    if (!ok)
        err_set(e, ERR_FILE, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static int export_to(const struct buf *text, const char *dir)
{
    struct err e;
    if (!dir) {
        bool ok = fwrite(text->p, 1, text->n, stdout) == text->n && fflush(stdout) == 0;
        return ok ? EXIT_FINE : EXIT_INTERNAL;
    }
    char *path = x_format("%s/job.yaml", dir);
    bool ok = (mkdir(dir, 0777) == 0 || errno == EEXIST) || err_set(&e, ERR_FILE, "%s: %s", path, strerror(errno));
    ok = ok && cli_new_file(path, text, &e);
    if (ok)
        printf("%s\n", path);
    free(path);
    return ok ? EXIT_FINE : cli_fail(&e);
}

/* DM's files into dir, or one after another to standard output. What DM has no words for goes to standard error. */
static int export_dm(struct job *j, const char *passphrase_from, const char *dir)
{
    struct dm_out out = {0};
    struct err e = {0};
    if (j->secret_key_path && !cli_job_resolve(j, passphrase_from, &e))
        return cli_fail(&e);
    bool ok = dm_emit(j, &out);
    cli_problems(&out.told);
    int code = ok ? EXIT_FINE : EXIT_USAGE;
    if (ok && dir && !dm_out_write(&out, dir, &e))
        code = cli_fail(&e);
    for (size_t i = 0; code == EXIT_FINE && i < out.n; i++) {
        int n = dir ? printf("%s/%s\n", dir, out.file[i].name) : printf("%s# %s\n%s", i ? "---\n" : "", out.file[i].name, out.file[i].text.p);
        code = n > 0 ? EXIT_FINE : EXIT_INTERNAL;
    }
    if (fflush(stdout) != 0)
        code = EXIT_INTERNAL;
    dm_out_release(&out);
    return code;
}

int cmd_export(const struct command *self, int argc, char **argv)
{
    struct job_options jo = {0};
    const char *format = "job", *dir = NULL;
    const struct opt opts[] = {
        {"format", "job", OPT_TEXT, &format, "job: the native job file; dm: task, source and topology files of DM"},
        {"output", "DIR", OPT_TEXT, &dir,
         "also -o: write into DIR in place of standard output; files that exist stay"},
        {"set", "PATH=VALUE", OPT_LIST, &jo.sets, "set a value of the job; may be repeated"},
        {"passphrase-from", "REF", OPT_TEXT, &jo.passphrase_from, CLI_PASSPHRASE_HELP},
    };
    int first, code;
    struct job j;
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, &first, &code)) {
        cli_job_options_release(&jo);
        return code;
    }
    jo.files = (const char *const *)argv + first;
    jo.nfiles = (size_t)(argc - first);
    jo.is_for_dm = strcmp(format, "dm") == 0;
    if (!jo.nfiles) {
        code = cli_usage(self, "no file is named");
    } else if (!jo.is_for_dm && strcmp(format, "job") != 0) {
        code = cli_usage(self, "unknown format \"%s\"", format);
    } else {
        struct buf text = {0};
        job_init(&j);
        bool is_fine = cli_job_load(&j, &jo, &code);
        if (is_fine && jo.is_for_dm) {
            code = export_dm(&j, jo.passphrase_from, dir);
        } else if (is_fine) {
            job_emit(&j, &text);
            code = export_to(&text, dir);
        }
        buf_release(&text);
        job_release(&j);
    }
    cli_job_options_release(&jo);
    return code;
}

/* One line of standard input without its end. */
static struct secret *read_line(void)
{
    char text[4096];
    size_t n = 0;
    for (ssize_t k = 1; k > 0 && n < sizeof text && !memchr(text, '\n', n);) {
        k = read(STDIN_FILENO, text + n, sizeof text - n);
        if (k < 0 && errno == EINTR)
            k = 1;
        else if (k > 0)
            n += (size_t)k;
    }
    size_t end = 0;
    while (end < n && text[end] != '\n' && text[end] != '\r')
        end++;
    struct secret *s = end ? secret_new(text, end) : NULL;
    explicit_bzero(text, sizeof text);
    return s;
}

static bool key_of(const struct command *self, int argc, char **argv, int *first,
                   unsigned char key[32], int *code)
{
    const char *path = NULL;
    struct err e = {0};
    const struct opt opts[] = {
        {"key", "FILE", OPT_TEXT, &path, "the key file: 64 hexadecimal digits"}};
    if (!cli_options(self, opts, TG_ARRAY_LEN(opts), argc, argv, first, code))
        return false;
    if (!path) {
        *code = cli_usage(self, "no key file is named");
        return false;
    }
    if (conf_dm_key_read(path, key, &e))
        return true;
    *code = cli_fail(&e);
    return false;
}

int cmd_encrypt(const struct command *self, int argc, char **argv)
{
    unsigned char key[32];
    struct buf out = {0};
    struct err e = {0};
    int first, code;
    if (!key_of(self, argc, argv, &first, key, &code))
        return code;
    /* A password on the command line would be in the process list and in the shell's history. */
    struct secret *plain = argc > first           ? NULL
                           : isatty(STDIN_FILENO) ? cli_ask("password")
                                                  : read_line();
    if (argc > first)
        code = cli_usage(self, "the password is not taken from the command line");
    else if (!plain)
        code = cli_usage(self, "no password was given");
    else if (conf_dm_encrypt(key, plain, &out, &e))
        code = printf("%s\n", out.p) > 0 ? EXIT_FINE : EXIT_INTERNAL;
    else
        code = cli_fail(&e);
    secret_free(plain);
    explicit_bzero(key, sizeof key);
    buf_release(&out);
    return code;
}

int cmd_decrypt(const struct command *self, int argc, char **argv)
{
    unsigned char key[32];
    struct err e = {0};
    int first, code;
    if (!key_of(self, argc, argv, &first, key, &code))
        return code;
    struct secret *text = argc > first ? secret_new(argv[first], strlen(argv[first])) : read_line();
    struct secret *plain = text ? conf_dm_decrypt(key, secret_peek(text), &e) : NULL;
    if (!text)
        code = cli_usage(self, "no text was given");
    else if (plain)
        code = puts(secret_peek(plain)) >= 0 ? EXIT_FINE : EXIT_INTERNAL;
    else
        code = cli_fail(&e);
    secret_free(text);
    secret_free(plain);
    explicit_bzero(key, sizeof key);
    return code;
}
