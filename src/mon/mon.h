/* SPDX-License-Identifier: Apache-2.0
 * State is a value that is copied; story is a stream that may be dropped. The engine publishes snapshots four
 * times a second and events; windows and `status` read them through run.sock (JSON lines, DESIGN 10). */
#ifndef TG_MON_MON_H
#define TG_MON_MON_H

#include "base/err.h"
#include "base/buf.h"
#include "base/log.h"
#include <stdio.h>

enum run_state { RUN_PLANNED, RUN_COPYING, RUN_CATCHING_UP, RUN_IN_SYNC, RUN_VERIFYING, RUN_CUTTING_OVER,
                 RUN_FINISHED, RUN_PAUSED, RUN_ASKING, RUN_FAILED, RUN_STOPPED, RUN_STUCK };
const char *run_state_name(enum run_state s);          /* "catching-up"; a msgid where a person reads it */
bool run_state_parse(const char *name, enum run_state *out);

enum table_state { TABLE_WAITING, TABLE_COPYING, TABLE_COPIED, TABLE_IN_SYNC, TABLE_VERIFIED, TABLE_DIFFERENT, TABLE_ASKING, TABLE_FAILED };
const char *table_state_name(enum table_state s);
bool table_state_parse(const char *name, enum table_state *out);

struct flow_view {                /* dump (read at the source) and load (committed at the target) */
    uint64_t bytes, total_bytes, rows; /* total_bytes 0 = unknown */
    bool total_is_guess;
    double rate, rate_long;       /* bytes/s over 10 s and 5 min */
    double row_rate;              /* rows/s over 10 s, read or committed */
    int64_t left_s, left_from_s, left_to_s; /* -1 = unknown */
    uint32_t workers, workers_max, waiting; /* at work; most there may be */
    uint32_t active;              /* how many may work now */
};
struct pace_view {                /* limits that hold now, and what the copy costs the source */
    char dial[16];                /* gentle, normal, fast */
    uint32_t writers, writers_max; /* how many may write now; most there may be */
    uint32_t readers, readers_max, readers_set; /* the same; what a person set, 0: by the dial */
    uint64_t chunk_bytes, statement_bytes, read_rate; /* read_rate 0: no limit */
    uint32_t source_threads;      /* others' statements from which on the source is busy, 0: never */
    int64_t threads_running;      /* at the source, ours among them; -1 = unknown */
    uint32_t threads_ours;
    double read_ms;               /* of a chunk's SELECT, over the last seconds; -1 = unknown */
    char waits[120];              /* why fewer read than may, "": nothing holds them */
};
#define MON_LAG_POINTS 600
#define MON_LAG_LONG 180
struct lag_peak {                 /* the largest source transaction of a while */
    int64_t at_ms;                /* when it was committed, by the source's clock as ours has it; 0: none */
    uint64_t bytes, rows;         /* of binlog; of the run's tables */
    char table[130], action[16];  /* of its last rows: INSERT, UPDATE, DELETE */
};
enum { MON_PEAK_MINUTES, MON_PEAK_HOUR, MON_PEAK_DAY, MON_PEAKS }; /* the last ten minutes, hour, day */
struct lag_view {
    double seconds;               /* source clock now - commit time of the last applied; -1 = unknown */
    double received_s;            /* the same of the last that was received; -1 = unknown */
    uint64_t unread_bytes, unapplied_bytes;
    double silent_s;              /* since the source's last event */
    /* How long the source keeps its binlog by its settings; -1 = unknown, for ever, or by size as well. And how old the oldest
     * of it is that the run still needs, so what is behind it may go; -1 = unknown. */
    double binlog_kept_s, binlog_used_s;
    bool binlog_kept_for_ever;
    double source_lost_s;         /* the source does not answer since then, and what it has written is not known; 0: it answers */
    /* Bytes are of binlog in all of them. What the source writes, whether we read it or not; -1 = unknown. */
    double source_tx_rate, source_byte_rate, apply_tx_rate, apply_byte_rate;
    /* Where the time goes, over the last ten seconds; -1 = unknown: from the source's commit to us, here until a writer has
     * it, in the target's transaction, and what the slowest of a hundred of those took. */
    double to_us_s, wait_s, commit_s, commit_p99_s;
    bool to_us_is_rough;          /* the source's stamps are whole seconds */
    uint64_t queued_tx;           /* received and not applied */
    double could_tx_rate, could_byte_rate; /* with all writers at work as they work now; -1 = unknown */
    double conflicts;             /* share of transactions that had to wait for an earlier one, 0 to 1; -1 = unknown */
    struct lag_peak peak[MON_PEAKS];
    uint32_t npoints;             /* one a second, oldest first */
    float points[MON_LAG_POINTS];
    uint32_t nhour, nday;         /* the worst of each 20 s of the last hour, of each 8 minutes of the last day; oldest first */
    float hour[MON_LAG_LONG], day[MON_LAG_LONG];
};
struct table_view {
    char name[130];               /* schema.table at the source */
    enum table_state state;
    uint64_t rows_guess, bytes_guess, rows_read, bytes_read, rows_loaded, bytes_loaded;
    double rate;                  /* load, bytes/s */
    int64_t left_s;
    uint32_t chunks_done, chunks_busy;
    bool is_keyless;
};
struct question_view {
    char id[16], table[130], text[400];
    uint32_t nchoices, initial;   /* initial: the default that loses nothing */
    struct { char slug[32], label[80]; } choice[6];
    int64_t asked_ms;
};
#define MON_TABLES 200
#define MON_QUESTIONS 16
struct mon_snapshot {
    uint64_t seq;                 /* unchanged: nothing to redraw */
    int64_t at_ms;                /* wall */
    char run[40], version[16], reason[200], mode[16];
    enum run_state state;
    int64_t since_ms;             /* wall: start of the run's engine */
    int64_t began_ms;             /* wall: start of the run, at its first engine; -1 = unknown */
    char source_id[64], source_flavour[96], target_flavour[96];
    char position_file[64], position_gtid[400];
    uint64_t position;            /* received */
    char applied_file[64];
    uint64_t applied;
    struct flow_view dump, load;
    struct lag_view lag;
    struct pace_view pace;
    uint64_t tx_applied, rows_applied;
    uint32_t tables_total, tables_done, tables_busy, tables_failed, tables_waiting;
    uint32_t tables_verified, tables_different; /* by the comparison that goes on, or was the last */
    uint32_t ntables;
    struct table_view table[MON_TABLES]; /* the busiest */
    uint32_t nquestions;
    struct question_view question[MON_QUESTIONS];
    uint64_t quarantine;
    char verdict[64];             /* "", "PASS", "FAIL …" */
    char verified_at[140];        /* position the verdict holds for */
    uint64_t memory_bytes;
};
/* Chunks of one table, of the engine's answer to `chunks`: those under way, by key, and the last few that are done. */
enum chunk_state { CHUNK_READING, CHUNK_PASSING, CHUNK_QUEUED, CHUNK_LOADING, CHUNK_ASKING, CHUNK_DONE, CHUNK_STATES };
const char *chunk_state_name(enum chunk_state s);      /* "reading", "passing", … */
#define MON_CHUNKS 32
struct chunk_view {
    uint64_t number;              /* place among the table's, from 1; cut ones share it */
    enum chunk_state state;
    char from[64], to[64];        /* key values; "": the table's begin, its end */
    uint64_t rows, bytes;         /* what was read; 0 while it is read */
    int percent;                  /* of its rows that are read, while it is read; -1: not known */
};
struct chunks_view {
    char table[130], key[80];     /* key: names of its columns */
    uint32_t done, count[CHUNK_STATES]; /* done: all of this round; count: of those listed, by state */
    uint32_t ranges;              /* stretches of the key that no reader has begun with */
    uint64_t rows_left;           /* in them, by the source's statistics */
    uint32_t retried;             /* chunks that were read or written again */
    char why[100];                /* the last time */
    uint32_t offset, total, n;    /* of the list */
    struct chunk_view chunk[MON_CHUNKS];
};
/* Tables that a window wants to see: where a run has more than a snapshot holds, the engine is asked for a page
 * (`tables`, its arguments offset, sort, show, filter). */
enum table_sort { SORT_RATE, SORT_NAME, SORT_SIZE, SORT_LEFT, SORT_COUNT };
enum table_show { SHOW_ALL, SHOW_BUSY, SHOW_WAITING, SHOW_DONE, SHOW_PROBLEMS, SHOW_COUNT };
/* "rate", …; "all", …: on the wire and in commands; NULL behind the last. */
extern const char *const table_sort_words[SORT_COUNT + 1], *const table_show_words[SHOW_COUNT + 1];
struct tables_wish {
    char find[64];                /* in the name, any case; "": all */
    enum table_show show;
    enum table_sort sort;
    uint32_t offset;              /* of the matching ones, in that order */
};
struct tables_page {
    uint32_t offset, total, n;    /* total: that match */
    struct table_view table[MON_TABLES];
};
/* The engine says "copied" when a table is read and in the sequence. Until its last chunk is on the target, too, it is not
 * done for a person: it still loads. */
enum table_state table_shown_state(const struct table_view *t);
bool table_state_is_done(enum table_state state);
bool table_is_wanted(const struct table_view *t, const struct tables_wish *w);
int table_order(const struct table_view *x, const struct table_view *y, enum table_sort sort); /* as qsort's compare */
void tables_pick(const struct table_view *all, uint32_t n, const struct tables_wish *w, struct tables_page *out);
char *mon_encode_tables_wish(const struct tables_wish *w);   /* caller frees */
/* ERR_USAGE: an order or a kind that is not known. What is left out is the first of each. */
bool mon_decode_tables_wish(struct tables_wish *out, const char *json, struct err *e);
char *mon_encode_tables(const struct tables_page *p);        /* caller frees */
bool mon_decode_tables(struct tables_page *out, const char *json, struct err *e);

char *mon_encode_chunks(const struct chunks_view *v);  /* caller frees */
bool mon_decode_chunks(struct chunks_view *out, const char *json, struct err *e);

/* Everything zero or "unknown"; run and version set, state planned. */
void mon_snapshot_init(struct mon_snapshot *s, const char *run);
/* The object of `status --json` and of {"snapshot":…}: caller frees text; decode fills *out wholly. */
char *mon_encode(const struct mon_snapshot *s);
char *mon_encode_pace(const struct pace_view *v);      /* its part "pace", alone */
bool mon_decode(struct mon_snapshot *out, const char *json, size_t n, struct err *e);

/* What was true while an engine looked, and is not known now: the lag, and what the source writes. For a run that has
 * stopped or failed. */
void mon_forget_now(struct mon_snapshot *s);

/* What the engine that is gone said last (run_dir/last.json, at most a second old when it ended); false: it left nothing. */
bool mon_last(const char *run_dir, struct mon_snapshot *out);

struct mon_event {
    uint64_t seq;
    int64_t at_ms;
    enum log_level level;
    char kind[16], stage[16], table[130], id[32], text[400];
};

/* ---- engine side ---- */
struct mon_server;
/* What a window or shell asks of the engine; called on mon's own thread, must not block for long.
 * cmd: pause resume stop pace answer verify redo leave-out tables chunks; args: a JSON object text. Fills *result_json (malloc'd) or NULL. */
typedef bool mon_command(void *arg, const char *cmd, const char *args_json, char **result_json, struct err *e);
/* Creates/locks DIR/pid, opens DIR/run.sock (0600) and DIR/events.jsonl, becomes the log sink. */
struct mon_server *mon_server_start(const char *run_dir, const char *run, mon_command *command, void *arg, struct err *e);
/* Copies; any thread; never waits for a client. seq 0 is replaced by one that counts up. */
void mon_server_publish(struct mon_server *m, const struct mon_snapshot *s);
/* Events also go to out, as lines for people or as JSON lines; NULL ends that. For headless runs. */
void mon_server_echo(struct mon_server *m, FILE *out, bool json);
/* Called on mon's thread with every snapshot it sees (some may be skipped, never the last); must not block. */
typedef void mon_watch(void *arg, const struct mon_snapshot *s);
void mon_server_watch(struct mon_server *m, mon_watch *watch, void *arg);
unsigned mon_server_windows(struct mon_server *m);     /* attached windows that have said hello */
void mon_server_stop(struct mon_server *m);            /* last snapshot is sent, socket removed, pid unlocked */

/* ---- window side ---- */
struct mon_client;
/* Both fail with ERR_RUN_UNKNOWN (no engine) or ERR_SOCKET. mon_attach subscribes to snapshots and events and
 * counts as a window: the first one steers, the others watch until they send `steer`. mon_connect is for shell
 * commands: it subscribes to nothing, counts as nobody, and may always command. */
struct mon_client *mon_attach(const char *run_dir, struct err *e);
struct mon_client *mon_connect(const char *run_dir, struct err *e);
bool mon_steers(const struct mon_client *m);           /* may this window command? changes with mon_pump */
void mon_detach(struct mon_client *m);
int mon_fd(const struct mon_client *m);                /* poll it for reading */
/* Reads what has arrived, never blocks. false: the engine is gone. */
bool mon_pump(struct mon_client *m, struct err *e);
bool mon_snapshot(struct mon_client *m, struct mon_snapshot *into); /* false: none newer than the last call */
size_t mon_events(struct mon_client *m, struct mon_event *into, size_t room, uint64_t *dropped);
/* Sends a command, waits up to timeout_ms for its answer. result_json may be NULL. */
bool mon_call(struct mon_client *m, const char *cmd, const char *args_json, char **result_json, int timeout_ms, struct err *e);
/* The same without waiting: sends it; false: it can't be sent now, or the last one has no answer yet. Then mon_answer
 * after mon_pump; true: the answer is here, *result_json (caller frees) NULL where it was refused. */
bool mon_ask(struct mon_client *m, const char *cmd, const char *args_json);
bool mon_answer(struct mon_client *m, char **result_json);
/* Run directory: --run-dir, $TIDEGATE_HOME, /var/lib/tidegate (root), XDG state. Creates it (0700). Caller frees. */
char *mon_home(const char *option, struct err *e);
char *mon_home_path(const char *option);               /* the same place, not made; NULL: none is known */
char *mon_run_dir(const char *home, const char *run, bool create, struct err *e); /* HOME/NAME; caller frees */
bool mon_is_alive(const char *run_dir);                /* pid file is locked by an engine; right after kill -9 too */
bool mon_run_name_ok(const char *name);                /* [a-z0-9][a-z0-9-]{0,31} */
/* Names of runs below home, sorted; caller frees the array and names. */
size_t mon_runs(const char *home, char ***names);

#endif
