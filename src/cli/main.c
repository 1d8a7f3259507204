// SPDX-License-Identifier: Apache-2.0
/* The command line: one table of subcommands. Each parses its own options (options.c) and returns
 * an exit code of enum tg_exit. Without a command, or with
 * a file in its place, the wizard opens (wizard.c). */
#include "base/text.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

const struct command cli_commands[] = {
    {"run", "FILE… [options]", "start a run, or take one up again where it stopped",
     "FILE… is a job.yaml, or DM's task and source files. On a terminal the engine gets a process "
     "of its own and\n"
     "the dashboard opens on it; without one the run stays in the foreground and prints a line for "
     "every change of\n"
     "state and every 30 s. Ctrl-C stops it so that it can be taken up again.",
     cmd_run},
    {"attach", "[NAME]", "open the dashboard on a live run, or the report of one that is over",
     "Leaving the dashboard leaves the run as it is.", cmd_attach},
    {"status", "[NAME] [--json]", "print the state of a run once", NULL, cmd_status},
    {"pause", "[NAME]", "pause a run; its engine stays", NULL, cmd_pause},
    {"resume", "[NAME]", "go on after pause, or start the engine of a stopped run again",
     "A run without an engine is started from the job file in its run directory.", cmd_resume},
    {"stop", "[NAME] [--timeout SECONDS]", "end a run's engine; the run can be taken up again",
     "Waits until the engine is gone.", cmd_stop},
    {"pace", "[NAME] [gentle|normal|fast] [KEY=VALUE …]",
     "show or change how fast a live run may go",
     "Holds at once, and for later engines of the run: it is written to the job file in its run "
     "directory. KEY is\n"
     "writers (most that write at once; how many do is found), readers (most that copy; 0: by the "
     "pace), chunk (bytes\n"
     "of one SELECT), read-rate (bytes a second; 0: no limit) or source-threads (the copy waits "
     "while more other\n"
     "statements than this run at the source; 0: by the pace). Without one: what holds now.",
     cmd_pace},
    {"answer", "[NAME] ID[@SCHEMA.TABLE] CHOICE", "answer a question of a run",
     "tidegate status shows the open questions with their ids and choices.", cmd_answer},
    {"redo", "[NAME] TABLE", "copy a table of a run anew",
     "TABLE is SCHEMA.TABLE at the source. It is emptied at the target and read again while the rest of the run goes on, as\n"
     "after a difference that tidegate verify or the dashboard has found; an engine that has ended is started again for it.\n"
     "Nothing at the source is changed.",
     cmd_redo},
    {"leave-out", "[NAME] SCHEMA.TABLE", "leave a table out of a run, for good",
     "Changes of it are not applied any more, and what is at the target stays there as it is then. An open question about it is\n"
     "over. Naming the table in full is the consent. A table that was left out comes back in another run only.",
     cmd_leave_out},
    {"verify", "FILE… [--json]", "compare source and target", NULL, cmd_verify},
    {"check", "FILE… [--json] [--rehearse]", "look for everything that could stop the run, with cures",
     "Writes nothing anywhere without --rehearse. Exit code 3 when a check fails. A check is left out by\n"
     "checks.ignore: [ID], a failure accepted by checks.accept: [\"ID: REASON\"] in the job.",
     cmd_check},
    {"cure", "FILE… --check ID [--cure N] [--undo]", "apply a cure that a check offers, or take it back",
     "Runs the check, shows what will be done, does it, and runs the check again: exit code 0 when it is better, 3 when\n"
     "not, 5 where only a person can do it. Calling it is the consent; a disruptive cure also wants --consent HOST. What\n"
     "was run is kept with its undo in the run's directory (cures.json), and told by the run's report.",
     cmd_cure},
    {"export", "FILE… [--format job|dm] [-o DIR]", "write the job as one job.yaml, or as the files of DM",
     "A job's passwords are written as references only. In DM's files (task.yaml, source.yaml, topology.yaml) they are "
     "encrypted with\n"
     "the key of secret-key-path, or left empty. What DM has no words for is told, and stands at the head of task.yaml.",
     cmd_export},
    {"encrypt", "--key FILE", "turn a password into DM's encrypted text",
     "Asks for the password on a terminal, else reads it from standard input. The key file holds "
     "64 hexadecimal\n"
     "digits, as DM's secret-key-path does.",
     cmd_encrypt},
    {"decrypt", "--key FILE [TEXT]", "turn DM's encrypted text into the password", NULL,
     cmd_decrypt},
    {"demo", "[--seconds N]",
     "a live rehearsal: two throw-away local servers, sample data, live writes, a run",
     "Needs a MariaDB server on this host; the target is TiDB where tidb-server is found "
     "($TIDB_SERVER, PATH,\n"
     "TiUP), else a second MariaDB. With a terminal the dashboard opens; leaving it removes "
     "everything that was\n"
     "started. Without one the demo ends by itself with PASS or FAIL (exit 0 or 6).",
     cmd_demo},
    {0},
};

static void print_help(FILE *out)
{
    fputs("tidegate moves a live MySQL or MariaDB database into TiDB: it copies in parallel while "
          "following the\n"
          "binlog, and compares both sides.\n\nUsage: tidegate [FILE…] [options]  the wizard, with the answers of a job file\n"
          "       tidegate COMMAND …\n\n",
          out);
    for (const struct command *c = cli_commands; c->name; c++)
        fprintf(out, "  %-8s  %s\n", c->name, c->summary);
    fputs("\n  --version, --help; tidegate COMMAND --help says more about a command\n"
          "  of the wizard: --lang en|zh, --theme NAME, --glyphs lines|safe|ascii, --plain, --read-only, --run-dir DIR\n\n"
          "Exit codes: 0 finished and verified, 1 usage or configuration, 2 internal, 3 a check "
          "fails,\n"
          "4 stopped and resumable, 5 needs a person, 6 differences found\n",
          out);
}

static int unknown(const char *word)
{
    const char *names[32];
    size_t n = 0;
    struct err e;
    for (const struct command *c = cli_commands; c->name && n < TG_ARRAY_LEN(names); c++)
        names[n++] = c->name;
    const char *near = cli_nearest(word, names, n);
    if (near)
        err_set(&e, ERR_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", word, near);
    else
        err_set(&e, ERR_USAGE, "\"%s\" is neither a command nor a file", word);
    return cli_fail(&e);
}

int main(int argc, char **argv)
{
    text_locale();
    if (argc < 2)
        return cli_wizard(argc, argv);
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        puts("tidegate " TG_VERSION);
        return EXIT_FINE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        print_help(stdout);
        return EXIT_FINE;
    }
    for (const struct command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, word) == 0)
            return c->run(c, argc - 1, argv + 1);
    if (word[0] == '-' || access(word, F_OK) == 0)
        return cli_wizard(argc, argv);
    return unknown(word);
}
