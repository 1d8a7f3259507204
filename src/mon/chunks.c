// SPDX-License-Identifier: Apache-2.0
/* Chunks of a table as the answer to the command `chunks`, and back. */
#include "mon/mon_private.h"

#include <stdlib.h>

static const char *const names[CHUNK_STATES] = {
    [CHUNK_READING] = "reading", [CHUNK_PASSING] = "passing", [CHUNK_QUEUED] = "queued",
    [CHUNK_LOADING] = "loading", [CHUNK_ASKING] = "asking",   [CHUNK_DONE] = "done",
};

const char *chunk_state_name(enum chunk_state s)
{
    return (unsigned)s < CHUNK_STATES ? names[s] : "unknown";
}

static void put_number(json_t *o, const char *key, uint64_t v)
{
    json_object_set_new(o, key, json_integer((json_int_t)TG_MIN(v, (uint64_t)INT64_MAX)));
}

static json_t *put_chunk(const struct chunk_view *k)
{
    json_t *o = json_object();
    put_number(o, "number", k->number);
    json_object_set_new(o, "state", json_string(chunk_state_name(k->state)));
    json_object_set_new(o, "from", k->from[0] ? mon_json_text(k->from) : json_null());
    json_object_set_new(o, "to", k->to[0] ? mon_json_text(k->to) : json_null());
    put_number(o, "rows", k->rows);
    put_number(o, "bytes", k->bytes);
    json_object_set_new(o, "percent", k->percent < 0 ? json_null() : json_integer(k->percent));
    return o;
}

char *mon_encode_chunks(const struct chunks_view *v)
{
    json_t *o = json_object(), *count = json_object(), *list = json_array();
    json_object_set_new(o, "table", mon_json_text(v->table));
    json_object_set_new(o, "key", mon_json_text(v->key));
    put_number(o, "done", v->done);
    for (int i = 0; i < CHUNK_STATES; i++)
        put_number(count, names[i], v->count[i]);
    json_object_set_new(o, "count", count);
    put_number(o, "ranges", v->ranges);
    put_number(o, "rows_left", v->rows_left);
    put_number(o, "retried", v->retried);
    json_object_set_new(o, "why", mon_json_text(v->why));
    put_number(o, "offset", v->offset);
    put_number(o, "total", v->total);
    for (uint32_t i = 0; i < TG_MIN(v->n, (uint32_t)MON_CHUNKS); i++)
        json_array_append_new(list, put_chunk(&v->chunk[i]));
    json_object_set_new(o, "chunks", list);
    return mon_json_line(o);
}

static uint64_t number_of(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (uint64_t)v : 0;
}

static uint32_t small_of(const json_t *o, const char *key)
{
    return (uint32_t)TG_MIN(number_of(o, key), (uint64_t)UINT32_MAX);
}

static bool take_chunk(struct chunk_view *k, const json_t *o, struct err *e)
{
    const char *state = json_string_value(json_object_get(o, "state"));
    const json_t *percent = json_object_get(o, "percent");
    int at = 0;
    while (at < CHUNK_STATES && (!state || strcmp(names[at], state) != 0))
        at++;
    if (at == CHUNK_STATES)
        return err_set(e, ERR_SOCKET, "a chunk is in no state that this program knows");
    *k = (struct chunk_view){.number = number_of(o, "number"), .state = (enum chunk_state)at, .rows = number_of(o, "rows"),
                             .bytes = number_of(o, "bytes"), .percent = -1};
    if (json_is_integer(percent))
        k->percent = (int)TG_MIN(number_of(o, "percent"), 100u);
    mon_text(k->from, sizeof k->from, json_string_value(json_object_get(o, "from")));
    mon_text(k->to, sizeof k->to, json_string_value(json_object_get(o, "to")));
    return true;
}

bool mon_decode_chunks(struct chunks_view *v, const char *json, struct err *e)
{
    json_t *o = json_loads(json, 0, NULL), *count = json_object_get(o, "count"), *list = json_object_get(o, "chunks");
    bool fine = json_is_array(list) || err_set(e, ERR_SOCKET, "the engine's answer is no list of chunks");
    *v = (struct chunks_view){.done = small_of(o, "done"), .ranges = small_of(o, "ranges"), .rows_left = number_of(o, "rows_left"),
                              .retried = small_of(o, "retried"), .offset = small_of(o, "offset"), .total = small_of(o, "total")};
    mon_text(v->table, sizeof v->table, json_string_value(json_object_get(o, "table")));
    mon_text(v->key, sizeof v->key, json_string_value(json_object_get(o, "key")));
    mon_text(v->why, sizeof v->why, json_string_value(json_object_get(o, "why")));
    for (int i = 0; i < CHUNK_STATES; i++)
        v->count[i] = small_of(count, names[i]);
    for (size_t i = 0; fine && i < json_array_size(list) && v->n < MON_CHUNKS; i++)
        fine = take_chunk(&v->chunk[v->n++], json_array_get(list, i), e);
    json_decref(o);
    return fine;
}
