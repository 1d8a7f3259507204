// SPDX-License-Identifier: Apache-2.0
/* One thread waits for signals: the first SIGINT or SIGTERM asks for a stop at a clean point, the
 * second ends at once (which loses nothing either: the ledger lives on the target). SIGHUP does
 * nothing unless it is asked for. */
#include "cli/cli.h"

#include <errno.h>
#include <unistd.h>

static void *signal_thread(void *arg)
{
    struct cli_signals *s = arg;
    int sig, asked = 0;
    for (;;) {
        if (sigwait(&s->set, &sig) != 0 || (sig == SIGHUP && !s->hangup_stops))
            continue;
        if (sig == SIGUSR2)
            return NULL;
        if (asked++)
            _exit(EXIT_RESUMABLE);
        fprintf(stderr, "stopping at a clean point; once more to end at once\n");
        cancel_set(s->stop);
    }
}

bool cli_signals_start(struct cli_signals *s, struct err *e)
{
    sigset_t block;
    s->stop = cancel_new();
    sigemptyset(&s->set);
    sigaddset(&s->set, SIGINT);
    sigaddset(&s->set, SIGTERM);
    sigaddset(&s->set, SIGHUP);
    sigaddset(&s->set, SIGUSR2);
    block = s->set;
    sigaddset(&block, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &block, &s->before);
    int rc = pthread_create(&s->thread, NULL, signal_thread, s);
    return rc == 0 || err_set(e, ERR_INTERNAL, "no thread: %s", strerror(rc));
}

void cli_signals_stop(struct cli_signals *s)
{
    pthread_kill(s->thread, SIGUSR2);
    pthread_join(s->thread, NULL);
    cancel_free(s->stop);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
