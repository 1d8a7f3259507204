#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A table is copied anew, or left out, while a writer works: the rest of the run must not notice, and at the end both
servers hold the same rows (but for what was left out)."""

from compare import End, compare
from harness import EXIT, OPTIONS, Scene, answers, case, check, equal, flavour, main, position, same
from servers import wait_for
from workload import SCHEMA, Writer, connect, fill

ROWS = 40_000
TABLE = f"{SCHEMA}.accounts"


def done(engine, verb, table):
    answer = engine.control(verb, table)
    check(answer.returncode == 0, f"tidegate {verb} {table}: {answer.stdout}")


def refused(engine, verb, table, why):
    answer = engine.control(verb, table)
    check(answer.returncode and why in answer.stdout, f"tidegate {verb} {table} says: {answer.stdout}")


def emptied(engine, times=1, table=TABLE):
    """The engine has told so often that it emptied the table."""
    wait_for(lambda: sum(table in line and "emptied at the target" in line for line in engine.text().splitlines()) >= times, 60,
             f"{table} emptied {times} times")


def in_sync(engine):
    """Copied whole and in sync: no table is under way."""
    engine.until(lambda s: s["state"] == "in-sync" and s["tables"]["done"] == s["tables"]["total"], 120, "in sync again")


def ended(scene, source, target, engine, writer=None):
    wrote = writer.stop() if writer else {"problem": None, "transactions": 1}
    check(not wrote["problem"] and wrote["transactions"], f"the writer: {wrote}")
    in_sync(engine)
    engine.until_applied(position(source))
    same(scene, source, target)


def begun(scene, kind, **job):
    source, target = scene.source(kind), scene.target("any")
    fill(source.port, ROWS, flavour(kind, target.name))
    return source, target, scene.engine(source, target, **job)


@case(for_each=[("mysql56", "mysql56"), ("mysql97-file", "mysql97-file")], long_only=True)
def test_redo_at(scene: Scene, kind):
    redo(scene, kind)


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid")])
def test_redo(scene: Scene, kind):
    redo(scene, kind)


def redo(scene, kind):
    """In sync, and once more while the first redo still copies; a writer works all the time."""
    source, target, engine = begun(scene, kind, limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start().until_state("in-sync")
    before = target.query("SELECT COUNT(*) FROM tidegate_meta.chunk")[0][0]
    done(engine, "redo", TABLE)
    emptied(engine)
    done(engine, "redo", TABLE)
    emptied(engine, 2)
    ended(scene, source, target, engine, writer)
    check(before and target.query("SELECT COUNT(*) FROM tidegate_meta.note WHERE kind = 'anew'")[0][0] == 0, "a note stays")
    engine.stop()
    engine.start().until_state("in-sync")
    same(scene, source, target)
    engine.stop()


@case()
def test_redo_copying(scene: Scene):
    """Its first copy is under way: chunks of it wait, are read and are written."""
    source, target, engine = begun(scene, "mysql97-gtid", limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start()
    for times in range(1, 4):
        engine.until(lambda s: s["load"]["rows"] > 1000 * times, 60, "rows at the target")
        done(engine, "redo", TABLE)
        emptied(engine, times)
        chunks_are_true(engine, target)
    ended(scene, source, target, engine, writer)
    last = command(engine, "chunks", {"table": TABLE})["result"]
    equal((last["ranges"], last["rows_left"], last["done"]), (0, 0, chunks_done(target)), "ranges, rows left and chunks at the end")
    engine.stop()


@case()
def test_chunks_and_delays(scene: Scene):
    """A chunk's SELECT stands still and is shown as read, its load stands still and is shown as loading; later the delays of the
    stream are measured, and the largest transaction is known by its table."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    fill(source.port, ROWS, flavour("mysql97-gtid", target.name))
    before, behind = scene.proxy(source), scene.proxy(target)
    reading = before.hold(r"^SELECT .*FROM `tg_it`.`accounts`.* ORDER BY `id`$")
    engine = scene.engine(before, behind, limits={"chunk": "64KiB", "load-data": False}).start()
    reading.wait()
    seen = wait_for(lambda: shown(engine, target, "reading"), 30, "a chunk that is read")
    check(seen["ranges"] and seen["rows_left"], f"nothing is to come: {seen}")
    reading.release()
    loading = behind.hold(r"^INSERT INTO `tg_it`.`accounts`|INSERT INTO `tg_it`.`accounts` ")
    loading.wait()
    wait_for(lambda: shown(engine, target, "loading"), 30, "a chunk that is loaded")
    loading.release()
    engine.until_state("in-sync")
    connection = connect(source.port)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {SCHEMA}.texts WHERE id > 5")
        for n in range(200):
            cursor.execute(f"UPDATE {TABLE} SET balance = balance + 1 WHERE id = {n}")
    connection.close()
    engine.until_applied(position(source))
    lag = engine.status()["lag"]
    for key in ("to_us_s", "wait_s", "commit_s", "commit_p99_s", "conflicts"):
        check(isinstance(lag[key], (int, float)) and 0 <= lag[key] < 60, f"lag.{key} is {lag[key]}")
    equal((lag["to_us_is_rough"], lag["queued_tx"]), (False, 0), "stamps of MySQL 8, and transactions that wait")
    check(lag["commit_s"] > 0 and lag["commit_p99_s"] >= lag["commit_s"] / 4, f"commits: {lag['commit_s']} {lag['commit_p99_s']}")
    for peak in lag["peaks"]:
        equal((peak["table"], peak["action"]), (f"{SCHEMA}.texts", "DELETE"), "the largest transaction")
        check(peak["rows"] > 1000 and peak["bytes"] > 10000, f"the largest transaction: {peak}")
    same(scene, source, target)
    engine.stop()


def shown(engine, target, state):
    """What `chunks` says while a chunk is in that state, or None."""
    chunks_are_true(engine, target)
    said = command(engine, "chunks", {"table": TABLE})["result"]
    return said if any(one["state"] == state for one in said["chunks"]) and said["count"][state] else None


def chunks_done(target):
    return target.query("SELECT COUNT(*) FROM tidegate_meta.chunk JOIN tidegate_meta.tab USING (run, source, table_id) "
                        f"WHERE source_name = '{TABLE.split('.')[1]}'")[0][0]


def chunks_are_true(engine, target):
    """What `chunks` says of a table that is copied: in order of the key, what is done is in the ledger. False: nothing is under way."""
    before = chunks_done(target)
    said = command(engine, "chunks", {"table": TABLE, "offset": 0})["result"]
    listed, states = said["chunks"], ("reading", "passing", "queued", "loading", "asking", "done")
    check(said["key"] == "id" and len(listed) == min(said["total"], 32), f"chunks: {said}")
    check(all(one["state"] in states for one in listed), f"chunks: {said}")
    equal([one["number"] for one in listed], sorted(one["number"] for one in listed), "order of chunks")
    for one, following in zip(listed, listed[1:]):
        check(one["to"] is not None and int(one["to"]) <= int(following["from"]), f"chunks overlap: {one} {following}")
    check(all(one["rows"] > 0 for one in listed if one["state"] in ("queued", "loading")), f"chunks without rows: {said}")
    check(before <= said["done"] + said["count"]["loading"] + said["count"]["done"] and said["done"] <= chunks_done(target),
          f"the ledger had {before} chunks, has {chunks_done(target)}: {said}")
    return any(one["state"] != "done" for one in listed)


@case()
def test_redo_after_difference(scene: Scene):
    """Rows are altered by hand at the target: the comparison finds it, redo cures it, the next one says PASS."""
    source, target, engine = begun(scene, "mysql97-gtid")
    engine.start().until_state("in-sync")
    target.query(f"DELETE FROM {TABLE} WHERE id = (SELECT * FROM (SELECT MIN(id) FROM {TABLE}) x)")
    check(command(engine, "verify"), "verify was not taken")
    engine.until(lambda s: s["verdict"].startswith("FAIL"), 60, "a difference")
    states = {one["name"]: one["state"] for one in engine.status()["table_list"]}
    equal(states[TABLE], "different", f"state of {TABLE}")
    done(engine, "redo", TABLE)
    emptied(engine)
    in_sync(engine)
    equal(engine.status()["verdict"], "", "verdict of rows that are no more")
    check(command(engine, "verify"), "verify was not taken")
    engine.until(lambda s: s["verdict"] == "PASS", 60, "PASS")
    same(scene, source, target)
    engine.stop()


@case()
def test_redo_full(scene: Scene):
    """A run that is over: rows are altered at the target, redo starts an engine, which copies the table and compares anew."""
    source, target, engine = begun(scene, "mysql97-gtid", mode="full", road={"until": "copied"})
    equal(engine.start().ended(120), EXIT["fine"], "exit code")
    target.query(f"DELETE FROM {TABLE} LIMIT 3")
    compared = engine.verify()
    equal(compared.returncode, EXIT["different"], f"exit code of\n{compared.stdout}\nwhich")
    done(engine, "redo", TABLE)
    told = engine.home / engine.name / "events.jsonl"
    wait_for(lambda: "emptied at the target" in told.read_text(errors="replace"), 60, "the table emptied")
    wait_for(lambda: told.read_text(errors="replace").rstrip().endswith('now finished"}'), 90, "the end of the run")
    equal(engine.status()["verdict"], "PASS", "verdict")
    same(scene, source, target)


@case(for_each=[("tidb", "tidb"), ("mariadb", "mariadb")])
def test_redo_parent(scene: Scene, kind):
    """The table that a foreign key refers to, with a counter that is ahead of its rows."""
    source, target = scene.source("mysql97-gtid"), scene.target(kind)
    source.query(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    source.query(f"CREATE TABLE {SCHEMA}.parent (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
    source.query(f"CREATE TABLE {SCHEMA}.child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES {SCHEMA}.parent (id))")
    source.query(f"INSERT INTO {SCHEMA}.parent VALUES " + ",".join(f"({n},{n})" for n in range(1, 201)))
    source.query(f"INSERT INTO {SCHEMA}.child SELECT id, id FROM {SCHEMA}.parent WHERE id < 100")
    source.query(f"DELETE FROM {SCHEMA}.parent WHERE id > 150")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    made = f"SELECT COUNT(*) FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = '{SCHEMA}' AND REFERENCED_TABLE_NAME = 'parent'"
    wait_for(lambda: target.query(made)[0][0] == 1, 30, "the foreign key at the target")
    done(engine, "redo", f"{SCHEMA}.parent")
    emptied(engine, 1, f"{SCHEMA}.parent")
    in_sync(engine)
    same(scene, source, target)
    equal(target.query(made)[0][0], 1, "foreign keys at the target")

    def counts_on():
        connection = connect(target.port, database=SCHEMA)
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("INSERT INTO parent (v) VALUES (0)")
            number = cursor.lastrowid
            cursor.execute("ROLLBACK")
        connection.close()
        return number > 200
    wait_for(counts_on, 30, "the counter beyond the source's")
    engine.stop()


@case()
def test_redo_asking(scene: Scene):
    """A row that the source changes is missing at the target: the run asks, and redo is an answer."""
    source, target, engine = begun(scene, "mariadb")
    engine.start().until_state("in-sync")
    lost = source.query(f"SELECT MIN(id) FROM {TABLE}")[0][0]
    target.query(f"DELETE FROM {TABLE} WHERE id = {lost}")
    source.query(f"DELETE FROM {TABLE} WHERE id = {lost}")
    equal(engine.question()["id"], "TG-3109", "question")
    done(engine, "redo", TABLE)
    emptied(engine)
    ended(scene, source, target, engine)
    engine.stop()


@case()
def test_refused(scene: Scene):
    """What can't be copied anew is refused with a reason, and nothing happens."""
    source, target = scene.source(), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.plain (a INT, b VARCHAR(20))")
    source.query(f"CREATE TABLE {SCHEMA}.items (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.plain VALUES (1, 'x'), (1, 'x')")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    refused(engine, "redo", f"{SCHEMA}.plain", "no usable key")
    refused(engine, "redo", f"{SCHEMA}.nothing", "no table")
    refused(engine, "leave-out", "items", "not SCHEMA.TABLE")
    done(engine, "redo", "items")
    emptied(engine, 1, f"{SCHEMA}.items")
    in_sync(engine)
    same(scene, source, target)
    engine.stop()


def plain(source, names, rows=600):
    """Tables of one shape, each with rows of its own."""
    connection = connect(source.port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        for table in names:
            cursor.execute(f"CREATE TABLE {SCHEMA}.{table} (id INT NOT NULL PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB")
            cursor.execute(f"INSERT INTO {SCHEMA}.{table} VALUES " + ",".join(f"({n},'{table}')" for n in range(rows)))
    connection.close()


def wished_behind(engine, source, statement, table):
    """The wish is noted while the stream can't go on, and that statement comes before it is carried out."""
    check(engine.control("pause").returncode == 0, "pause")
    source.query(f"INSERT INTO {SCHEMA}.{table} VALUES (-1, 'held')")
    engine.until(lambda s: s["lag"]["unapplied_bytes"] > 0, 30, "a transaction that waits")
    source.query(statement)
    done(engine, "redo", f"{SCHEMA}.{table}")
    wait_for(lambda: f"{SCHEMA}.{table} to be copied anew" in " ".join(engine.text().split()), 30, "the wish in the ledger")
    check(engine.control("resume").returncode == 0, "resume")


@case()
def test_redo_renamed(scene: Scene):
    """Two tables are swapped behind the wish, and the engine dies before it empties the one: the ledger's mark still has the old
    names, the target has the new ones, and the other table must not be emptied."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    plain(source, ("one", "two"))
    behind = scene.proxy(target)
    engine = scene.engine(source, behind).start()
    engine.until_state("in-sync")
    mark = behind.hold(r"SET mark_pos")
    source.query(f"INSERT INTO {SCHEMA}.two VALUES (-2, 'before')")
    mark.wait()
    truncate = behind.hold(r"TRUNCATE")
    wished_behind(engine, source, f"RENAME TABLE {SCHEMA}.one TO {SCHEMA}.x, {SCHEMA}.two TO {SCHEMA}.one, {SCHEMA}.x TO {SCHEMA}.two", "one")
    truncate.wait()
    engine.kill()
    behind.clear()
    engine.start()
    emptied(engine, 1, f"{SCHEMA}.two")
    ended(scene, source, target, engine)
    engine.stop()


@case()
def test_redo_made(scene: Scene):
    """A table that the source has made since the ledger's mark: a start would not know it, so wishes wait for the mark."""
    source, target = scene.source("mariadb"), scene.target("any")
    plain(source, ("one",))
    behind = scene.proxy(target)
    engine = scene.engine(source, behind).start()
    engine.until_state("in-sync")
    mark = behind.hold(r"SET mark_pos")
    plain(source, ("late",))
    mark.wait()
    engine.until_applied(position(source))
    refused(engine, "redo", f"{SCHEMA}.late", "a moment ago")
    refused(engine, "leave-out", f"{SCHEMA}.late", "a moment ago")
    mark.release()
    wait_for(lambda: engine.control("redo", f"{SCHEMA}.late").returncode == 0, 30, "a mark behind the statement")
    emptied(engine, 1, f"{SCHEMA}.late")
    ended(scene, source, target, engine)
    engine.stop()


@case()
def test_redo_without_key(scene: Scene):
    """Its key goes between the wish and its turn: the engine stops, and the next one copies it before the stream."""
    source, target = scene.source("mariadb"), scene.target("mariadb")
    plain(source, ("one", "two"))
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    wished_behind(engine, source, f"ALTER TABLE {SCHEMA}.one DROP PRIMARY KEY", "one")
    equal(engine.ended(60), EXIT["person"], f"exit code of\n{engine.text()[-1500:]}\nwhich")
    target.query(f"DELETE FROM {SCHEMA}.one LIMIT 3")
    engine.start()
    engine.until_state("in-sync")
    ended(scene, source, target, engine)
    engine.stop()


@case()
def test_leave_parent(scene: Scene):
    """What a foreign key does to its child when a row of the parent goes is in no binlog: the parent can't leave alone."""
    source, target = scene.source("mariadb"), scene.target("any")
    plain(source, ("parent",), rows=20)
    source.query(f"CREATE TABLE {SCHEMA}.child (id INT PRIMARY KEY, parent INT NOT NULL, "
                 f"FOREIGN KEY (parent) REFERENCES {SCHEMA}.parent (id) ON DELETE CASCADE)")
    source.query(f"INSERT INTO {SCHEMA}.child SELECT id, id FROM {SCHEMA}.parent")
    engine = scene.engine(source, target, checks={"accept": ["table.foreign-keys"]}).start()
    engine.until_state("in-sync")
    refused(engine, "leave-out", f"{SCHEMA}.parent", f"{SCHEMA}.child")
    done(engine, "leave-out", f"{SCHEMA}.child")
    engine.until(lambda s: s["tables"]["total"] == 1, 30, "a table less")
    source.query(f"DELETE FROM {SCHEMA}.parent WHERE id = 3")
    engine.until_applied(position(source))
    done(engine, "leave-out", f"{SCHEMA}.parent")
    engine.until(lambda s: s["tables"]["total"] == 0, 30, "no table")
    engine.stop()


def rest(scene, source, target):
    """All but the table that was left out."""
    differences, tables, rows = compare(End(source.port, SCHEMA), End(target.port, SCHEMA))
    others = [one for one in differences if one.table != TABLE.split(".")[1]]
    check(not others, "\n".join(f"{one.table}: {one.text}" for one in others))
    scene.note(f"{tables - 1} tables, {rows} rows, equal but for what was left out")
    return len(differences) - len(others)


@case(for_each=[("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file")], long_only=True)
def test_leave_out_at(scene: Scene, kind):
    leave_out(scene, kind)


@case()
def test_leave_out(scene: Scene):
    leave_out(scene, "mariadb")


def leave_out(scene, kind):
    """While a writer works on it; its rows stay where they are, DDL of it passes by, and a later engine knows it."""
    source, target, engine = begun(scene, kind, limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start()
    engine.until(lambda s: s["load"]["rows"] > 3000, 60, "rows at the target")
    total = engine.status()["tables"]["total"]
    done(engine, "leave-out", TABLE)
    engine.until(lambda s: s["tables"]["total"] == total - 1, 30, "a table less")
    engine.until_state("in-sync")
    rows = target.query(f"SELECT COUNT(*), SUM(CRC32(CONCAT(id))) FROM {TABLE}")
    source.query(f"ALTER TABLE {TABLE} ADD COLUMN late INT")
    source.query(f"UPDATE {TABLE} SET late = 1 LIMIT 10")
    wrote = writer.stop()
    check(not wrote["problem"] and wrote["transactions"], f"the writer: {wrote}")
    engine.until_applied(position(source))
    equal(rest(scene, source, target), 1, "tables that differ")
    engine.stop()
    engine.start().until_state("in-sync")
    source.query(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_old")
    source.query(f"DELETE FROM {TABLE}_old LIMIT 5")
    engine.until_applied(position(source))
    equal(engine.status()["tables"]["total"], total - 1, "tables")
    equal(target.query(f"SELECT COUNT(*), SUM(CRC32(CONCAT(id))) FROM {TABLE}"), rows, "rows of what was left out")
    engine.stop()
    engine.start().until_state("in-sync")
    source.query(f"DELETE FROM {TABLE}_old LIMIT 5")
    engine.until_applied(position(source))
    check(command(engine, "verify"), "verify was not taken")
    verdict = engine.until(lambda s: s["verdict"], 60, "a verdict")["verdict"]
    equal(verdict, "PASS (1 left out)", "verdict")
    compared = engine.verify()
    check(compared.returncode == 0 and TABLE.split(".")[1] + " " not in compared.stdout, f"tidegate verify: {compared.stdout}")
    engine.stop()


@case()
def test_leave_out_asking(scene: Scene):
    """A DDL that the target refuses, a row that is missing there: leaving the table out ends the question."""
    source, target, engine = begun(scene, "mariadb")
    engine.start().until_state("in-sync")
    target.query(f"ALTER TABLE {TABLE} ADD COLUMN late VARCHAR(3)")
    source.query(f"ALTER TABLE {TABLE} ADD COLUMN late INT")
    source.query(f"UPDATE {TABLE} SET late = 70000 LIMIT 10")
    source.query(f"CREATE TABLE {SCHEMA}.later (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.later VALUES (1)")
    engine.question()
    done(engine, "leave-out", TABLE)
    engine.until(lambda s: not s["questions"], 60, "no question")
    engine.until_applied(position(source))
    check(rest(scene, source, target) == 1, "nothing was left out")
    engine.stop()


def answered(engine, question, choice):
    answer = engine.control("answer", question, choice)
    check(answer.returncode == 0, f"tidegate answer {choice}: {answer.stdout}")


def unfit(engine, question, table=TABLE):
    """When that question was asked, which is the open one."""
    found = engine.until(lambda s: s["questions"] and s["questions"][0]["table"] == table, 60, f"a question about {table}")["questions"][0]
    equal((found["id"], found["choices"]), (question, ["stop", "leave-out", "retry"]), "the question")
    return found["asked_ms"]


def no_question(engine):
    engine.until(lambda s: s["state"] != "asking" and not s["questions"], 30, "the run to go on")


def sums(server, table):
    return server.query(f"SELECT COUNT(*), SUM(CRC32(CONCAT(id))) FROM {table}")


TYPE = ("TG-2107", ["ADD COLUMN odd VECTOR(3)", "ADD COLUMN odder VECTOR(3)"])
KIND = ("TG-2108", ["ADD SYSTEM VERSIONING", "DROP SYSTEM VERSIONING"])


@case(for_each=[("answer", "answer", "mysql97-gtid", *TYPE), ("command", "command", "mariadb", *KIND), ("given", "given", "mysql97-file", *TYPE)])
def test_unfit(scene: Scene, way, kind, asks, changes):
    """A table becomes one that can't be carried while a writer works: nothing passes that before the answer, not with a kill
    nor with a stop; left out is that table alone, and a later engine knows it."""
    source, target, engine = begun(scene, kind, limits={"chunk": "64KiB"})
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine.start().until_state("in-sync")
    source.query(f"ALTER TABLE {TABLE} {changes[0]}")
    source.query(f"CREATE TABLE {SCHEMA}.later (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.later VALUES (1)")
    there = f"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{SCHEMA}' AND TABLE_NAME = 'later'"
    asked = unfit(engine, asks)
    engine.kill()
    engine.start()
    check(unfit(engine, asks) > asked, "the question of the engine that was killed")
    answered(engine, asks, "stop")
    equal(engine.ended(60), EXIT["check"], "exit code of a run that was stopped by its answer")
    if way == "given":
        engine.start("--answer", f"{asks}=leave-out")
    else:
        engine.start()
        asked = unfit(engine, asks)
        answered(engine, asks, "retry")
        engine.until(lambda s: s["questions"] and s["questions"][0]["asked_ms"] > asked, 30, "the question once more")
        equal(target.query(there)[0][0], 0, "what came behind the statement is at the target")
        if way == "answer":
            answered(engine, asks, "leave-out")
        else:
            done(engine, "leave-out", TABLE)
    wait_for(lambda: target.query(there)[0][0], 60, "what comes behind the statement")
    no_question(engine)
    wrote = writer.stop()
    check(not wrote["problem"] and wrote["transactions"], f"the writer: {wrote}")
    engine.until_applied(position(source))
    equal(rest(scene, source, target), 1, "tables that differ")
    stays = sums(target, TABLE)
    engine.kill()
    engine.start().until_state("in-sync")
    source.query(f"DELETE FROM {TABLE} LIMIT 5")
    source.query(f"ALTER TABLE {TABLE} {changes[1]}")
    source.query(f"INSERT INTO {SCHEMA}.later VALUES (2)")
    engine.until_applied(position(source))
    equal(rest(scene, source, target), 1, "tables that differ after a restart")
    equal(sums(target, TABLE), stays, "rows of what was left out")
    engine.stop()


def left(target):
    return target.query("SELECT COUNT(*) FROM tidegate_meta.note WHERE kind = 'left'")[0][0]


@case(for_each=[("gtid", "mysql97-gtid"), ("file", "mysql97-file")])
def test_unfit_new(scene: Scene, kind):
    """Tables that were made during the run: one that never fitted, one that fits no more. An engine that dies behind the
    answers, with an earlier change still on its way, meets both statements again and does not ask."""
    source, target = scene.source(kind), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.other (id INT PRIMARY KEY)")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    holder = target.connect()
    holder.begin()
    with holder.cursor() as cursor:
        cursor.execute(f"INSERT INTO {SCHEMA}.other VALUES (1)")
    source.query(f"INSERT INTO {SCHEMA}.other VALUES (1)")  # waits for the one that holds its key
    source.query(f"CREATE TABLE {SCHEMA}.made (id INT PRIMARY KEY, v VECTOR(3))")
    source.query(f"INSERT INTO {SCHEMA}.made (id) VALUES (1)")
    source.query(f"CREATE TABLE {SCHEMA}.changed (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.changed VALUES (1)")
    source.query(f"ALTER TABLE {SCHEMA}.changed ADD COLUMN v VECTOR(3)")
    source.query(f"INSERT INTO {SCHEMA}.changed (id) VALUES (2)")
    unfit(engine, "TG-2107", f"{SCHEMA}.made")
    answered(engine, "TG-2107", "leave-out")
    wait_for(lambda: left(target) == 1, 30, "the first note")
    unfit(engine, "TG-2107", f"{SCHEMA}.changed")
    answered(engine, "TG-2107", "leave-out")
    wait_for(lambda: left(target) == 2, 30, "the second note")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.other")[0][0], 0, "rows of the change that waits")
    engine.kill()
    holder.rollback()
    holder.close()
    engine.start().until_state("in-sync")
    equal(sum("made" in line and "left out of the run" in line for line in engine.text().splitlines()), 2, "times it was left out")
    source.query(f"INSERT INTO {SCHEMA}.changed (id) VALUES (3)")
    source.query(f"DROP TABLE {SCHEMA}.made")
    source.query(f"RENAME TABLE {SCHEMA}.changed TO {SCHEMA}.aside")
    source.query(f"CREATE TABLE {SCHEMA}.fresh (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.fresh VALUES (7)")
    source.query(f"INSERT INTO {SCHEMA}.aside (id) VALUES (8)")
    engine.until_applied(position(source))
    for name, rows in (("fresh", ((7,),)), ("other", ((1,),)), ("changed", ((1,),))):
        equal(target.query(f"SELECT * FROM {SCHEMA}.{name}"), rows, f"rows of {name}")
    names = [row[0] for row in target.query(f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{SCHEMA}' ORDER BY 1")]
    equal(names, ["changed", "fresh", "other"], "tables at the target")
    engine.stop()


@case()
def test_unfit_parent(scene: Scene):
    """A parent that can't be carried any more: the question names those that follow it, and they are left out with it. A new
    child of a parent outside the run is asked about as well."""
    source, target, asks = scene.source("mariadb"), scene.target("tidb"), "TG-2122"
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {TABLE} (id INT PRIMARY KEY) ENGINE=InnoDB")
    for name, parent in (("child", "accounts"), ("grandchild", "child")):
        source.query(f"CREATE TABLE {SCHEMA}.{name} (id INT PRIMARY KEY, p INT,"
                     f" FOREIGN KEY (p) REFERENCES {SCHEMA}.{parent} (id) ON DELETE CASCADE) ENGINE=InnoDB")
    source.query(f"CREATE TABLE {SCHEMA}.other (id INT PRIMARY KEY) ENGINE=InnoDB")
    source.query(f"INSERT INTO {TABLE} VALUES (1), (2)")
    source.query(f"INSERT INTO {SCHEMA}.child VALUES (1, 1)")
    source.query(f"INSERT INTO {SCHEMA}.grandchild VALUES (1, 1)")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    source.query(f"ALTER TABLE {TABLE} ADD COLUMN odd POINT")
    unfit(engine, asks)
    text = engine.status()["questions"][0]["text"]
    check(f"{SCHEMA}.child, {SCHEMA}.grandchild" in text, f"the question does not name who follows: {text}")
    answered(engine, asks, "leave-out")
    source.query(f"DELETE FROM {TABLE} WHERE id = 1")
    source.query(f"INSERT INTO {SCHEMA}.other VALUES (1)")
    engine.until(lambda s: s["state"] == "in-sync" and s["tables"]["total"] == 1, 60, "one table that is left")
    engine.until_applied(position(source))
    equal(left(target), 3, "tables that were left out")
    source.query("CREATE DATABASE tg_outside")
    source.query("CREATE TABLE tg_outside.boss (id INT PRIMARY KEY) ENGINE=InnoDB")
    source.query(f"CREATE TABLE {SCHEMA}.late (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES tg_outside.boss (id) ON DELETE CASCADE) ENGINE=InnoDB")
    source.query("INSERT INTO tg_outside.boss VALUES (1)")
    source.query(f"INSERT INTO {SCHEMA}.late VALUES (1)")
    source.query("DELETE FROM tg_outside.boss")
    source.query(f"INSERT INTO {SCHEMA}.other VALUES (2)")
    unfit(engine, "TG-5204", f"{SCHEMA}.late")
    answered(engine, "TG-5204", "leave-out")
    no_question(engine)
    engine.until_applied(position(source))
    equal(left(target), 4, "tables that were left out")
    for name in ("child", "grandchild"):
        equal(target.query(f"SELECT id FROM {SCHEMA}.{name}"), ((1,),), f"rows of {name}")
    equal(source.query(f"SELECT * FROM {SCHEMA}.other"), target.query(f"SELECT * FROM {SCHEMA}.other"), "rows")
    engine.stop()


@case(for_each=[(kind, kind) for kind in ("mysql97-gtid", "mysql56")])
def test_unfit_key(scene: Scene, kind):
    """The key of a table changes while a chunk of it is read: asked about, and left out while the chunk is still on its way."""
    source, target = scene.source(kind), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    for name in ("items", "other"):
        source.query(f"CREATE TABLE {SCHEMA}.{name} (id INT NOT NULL PRIMARY KEY, a INT NOT NULL) ENGINE=InnoDB")
        source.query(f"INSERT INTO {SCHEMA}.{name} VALUES (1, 10), (2, 20), (3, 30)")
    proxy = scene.proxy(source)
    held = proxy.hold(rf"SELECT `id`.*FROM `{SCHEMA}`.`items` FORCE INDEX(?!.*OFFSET)")
    engine = scene.engine(proxy, target).start()
    held.wait(seconds=60)
    source.query(f"ALTER TABLE {SCHEMA}.items DROP PRIMARY KEY, ADD PRIMARY KEY (a)")
    source.query(f"UPDATE {SCHEMA}.items SET id = 1")
    source.query(f"INSERT INTO {SCHEMA}.other VALUES (4, 40)")
    unfit(engine, "TG-5203", f"{SCHEMA}.items")
    answered(engine, "TG-5203", "leave-out")
    no_question(engine)
    held.release()
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.items")[0][0], 0, "rows of what was left out before any came")
    engine.kill()
    engine.start().until_state("in-sync")
    source.query(f"DELETE FROM {SCHEMA}.items")
    source.query(f"DELETE FROM {SCHEMA}.other WHERE id = 1")
    engine.until_applied(position(source))
    equal(source.query(f"SELECT * FROM {SCHEMA}.other"), target.query(f"SELECT * FROM {SCHEMA}.other"), "rows")
    engine.stop()


def command(engine, cmd, args=None):
    """A command that has no word of the shell."""
    answer = engine.ask(cmd, args)
    check(answer and answer["ok"], f"{cmd}: {answer}")
    return answer


if __name__ == "__main__":
    main()
