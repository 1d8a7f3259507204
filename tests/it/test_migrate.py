#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A live source is copied and followed: every kind of source into every kind of target, under a writer.

Twenty tables, every type, a writer of at least 500 transactions a second, an ALTER and a CREATE while the copy
runs and once more afterwards. When the writer has stopped and the lag is zero, both ends hold the same rows:
by compare.py, which has nothing from the engine, and then by `tidegate verify`.
"""

import contextlib

from harness import EXIT, OPTIONS, Scene, case, check, equal, flavour, main, order, position, same, wait_for  # noqa: I001  (sets the path)
from workload import SCHEMA, Writer, change_shape, connect, fill

LEAST_RATE = 500
FOLLOW_BYTES = 2_000_000  # of binlog that are followed once in sync
ROWS = {("mariadb", "tidb"): 1_000_000}  # the short suite's row counts; --long takes a million everywhere
ROWS_TIDB, ROWS_OTHER, ROWS_LONG, ROWS_JUDGED = 150_000, 60_000, 1_000_000, 200_000
KINDS = ("mariadb", "mysql97-gtid", "mysql97-file", "mysql56")
MATRIX = [(f"{source}-to-{target}", source, target) for target in ("tidb", "mysql97", "mariadb") for source in KINDS]


def further(place, size):
    file, offset = order(place)
    return file, offset + size


def rows_for(source, target):
    if OPTIONS.long:
        return ROWS_LONG
    return ROWS.get((source, target)) or (ROWS_TIDB if target == "tidb" else ROWS_OTHER)


@case(for_each=MATRIX)
def test_migrate(scene: Scene, source_kind, target_kind):
    rows = rows_for(source_kind, target_kind)
    source, target = scene.source(source_kind), scene.target(target_kind, judged=rows <= ROWS_JUDGED)
    fill(source.port, rows, flavour(source_kind, target_kind))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target).start()
    engine.until_state("copying", "catching-up", "in-sync", seconds=60)
    change_shape(source.port, 1)
    snapshot = engine.until_state("in-sync", seconds=900)
    scene.note(f"in sync at {snapshot['source'][0]['position']}")
    change_shape(source.port, 2)
    goal = further(position(source), FOLLOW_BYTES)
    wait_for(lambda: not writer.alive() or order(position(source)) >= goal, 60, "more writes")
    wrote = writer.stop()
    check(not wrote["problem"], f"the writer: {wrote['problem']}")
    check(wrote["rate"] >= LEAST_RATE, f"the writer made only {wrote['rate']} transactions a second")
    scene.note(f"{wrote['transactions']} transactions at {wrote['rate']} a second")
    engine.until_applied(position(source))
    tables, _ = same(scene, source, target)
    equal(tables, 22, "tables, the two created on the way included")
    verified = engine.verify()
    check(verified.returncode == EXIT["fine"] and "PASS" in verified.stdout,
          f"tidegate verify: exit {verified.returncode}:\n{verified.stdout}")
    engine.stop()


@case(for_each=[("mariadb-to-any", "mariadb"), ("mysql97-to-any", "mysql97-gtid")])
def test_full(scene: Scene, source_kind):
    """Mode full: one consistent copy under a writer that ends meanwhile; exit 0 and PASS come from a comparison."""
    source, target = scene.source(source_kind), scene.target("any")
    fill(source.port, 30_000, flavour(source_kind))
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    equal(engine.ended(300), EXIT["fine"], "exit code")
    check("PASS" in engine.text(), "no PASS in the output")
    same(scene, source, target)


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid")])
def test_bare_schema(scene: Scene, source_kind):
    """A schema that has no table at the start and is chosen whole: what is made in it later arrives, and what is not chosen stays."""
    source, target = scene.source(source_kind), scene.target("any")
    for sql in ("CREATE DATABASE tg_it", "CREATE TABLE tg_it.t (id INT PRIMARY KEY)", "INSERT INTO tg_it.t VALUES (1)", "CREATE DATABASE tg_bare", "CREATE DATABASE tg_stays"):
        source.query(sql)
    engine = scene.engine(source, target, allow={"include": ["tg_it.*", "tg_bare.*"]}).start()
    engine.until_state("in-sync", seconds=120)
    for schema in ("tg_bare", "tg_stays"):
        source.query(f"CREATE TABLE {schema}.later (id INT PRIMARY KEY, t VARCHAR(20))")
        source.query(f"INSERT INTO {schema}.later VALUES (1, 'one'), (2, 'two')")
    source.query("INSERT INTO tg_it.t VALUES (2)")
    engine.until_applied(position(source))
    equal(target.query("SELECT id, t FROM tg_bare.later ORDER BY id"), source.query("SELECT id, t FROM tg_bare.later ORDER BY id"), "rows of the schema that was bare")
    equal(target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tg_stays'")[0][0], type(target.query("SELECT 1")[0][0])(0), "tables that are not chosen")
    engine.stop()


@case()
def test_stop_and_resume(scene: Scene):
    """stop ends with exit 4 at any time, and the same command goes on; pause keeps the engine."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 60_000, "mariadb")
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target).start()
    engine.until_state("copying", "catching-up", "in-sync", seconds=60)
    engine.stop()
    engine.start()
    engine.until_state("in-sync")
    equal(engine.control("pause").returncode, 0, "exit code of pause")
    engine.until_state("paused", seconds=30)
    equal(engine.control("resume").returncode, 0, "exit code of resume")
    engine.until_state("in-sync", "catching-up", seconds=60)
    check(not writer.stop()["problem"], "the writer failed")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case()
def test_verify_finds_differences(scene: Scene):
    """A green verdict is only worth something if a red one can happen: one altered byte, exit 6."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 5_000, "mariadb")
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    for table, damage in (("texts", "UPDATE {} SET fixed = 'Altered' WHERE id = 7"), ("heap", "DELETE FROM {} LIMIT 1"),
                          ("string_key", "UPDATE {} SET k = LOWER(k) WHERE k = 'Key100'")):
        target.query(damage.format(f"{SCHEMA}.{table}"))
        verified = engine.verify()
        equal(verified.returncode, EXIT["different"], f"exit code of verify after {damage}: {verified.stdout}")
        check(f"{SCHEMA}.{table}" in verified.stdout, f"{table} is not named: {verified.stdout}")


@case()
def test_verify_outlasts_trouble(scene: Scene):
    """Lost connections and answers that break off in the middle of a table cost the comparison some time and nothing else: PASS where all is equal, and red where it is not."""
    source, target = scene.source("mariadb"), scene.target("any")
    near, far = scene.proxy(source), scene.proxy(target)
    fill(source.port, 5_000, "mariadb")
    engine = scene.engine(near, far, mode="full", road={"until": "copied"}).start()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    for code in (EXIT["fine"], EXIT["different"]):
        rules = [near.breaks("SELECT .*FROM `?\\w+`?.`?texts", 3), far.breaks("SELECT .*FROM `?\\w+`?.`?string_key", 5),
                 far.drop("SELECT .*FROM")]
        verified = engine.verify()
        equal(verified.returncode, code, f"exit code of verify: {verified.stdout}{verified.stderr}")
        for number, rule in enumerate(rules):
            check(rule.wait(seconds=1), f"trouble {number} did not happen")
        target.query(f"UPDATE {SCHEMA}.texts SET fixed = 'Altered' WHERE id = 7")


@contextlib.contextmanager
def holding(server, statement):
    """The locks of a statement, held."""
    connection = connect(server.port)
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement)
            check(cursor.fetchall(), f"nothing is locked by {statement}")
        yield
    finally:
        connection.close()


def unknown_now(engine, what):
    """A run without an engine tells where it was, and of the lag nothing: nobody looks."""
    snapshot = engine.status()
    equal(snapshot["state"], "stopped", f"state after {what}")
    equal(snapshot["tables"]["done"], 20, f"tables that were done before {what}")
    lag = snapshot["lag"]
    check(lag["seconds"] is None and lag["source_byte_rate"] is None, f"the lag after {what}: {lag}")


@case()
def test_source_out_of_reach(scene: Scene):
    """A source that does not answer is the state of the run, with the reason and a lag that grows; it comes back by itself."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    near = scene.proxy(source)
    fill(source.port, 500, "mysql97")
    engine = scene.engine(near, target).start()
    engine.until_state("in-sync", seconds=120)
    near.refuse()
    near.cut()
    source.query(f"UPDATE {SCHEMA}.texts SET fixed = 'meanwhile' WHERE id = 7")
    snapshot = engine.until_state("stuck", seconds=60)
    check("the source can't be reached for" in snapshot["reason"], f"the reason: {snapshot['reason']}")
    lag = snapshot["lag"]
    check(lag["seconds"] >= 5, f"the lag: {lag}")
    check(lag["source_lost_s"] >= 5 and lag["source_tx_rate"] is None and lag["source_byte_rate"] is None,
          f"what the source writes is not known: {lag}")
    near.refuse(False)
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.kill()
    unknown_now(engine, "a kill")


@case()
def test_target_out_of_reach(scene: Scene):
    """A target that takes nothing is the state of the run while changes still come in, and passes by itself."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    near = scene.proxy(target)
    fill(source.port, 500, "mysql97")
    engine = scene.engine(source, near).start()
    engine.until_state("in-sync", seconds=120)
    near.refuse()
    near.cut()
    source.query(f"UPDATE {SCHEMA}.texts SET fixed = 'meanwhile' WHERE id = 7")
    snapshot = engine.until_state("stuck", seconds=60)
    check("the target can't be reached for" in snapshot["reason"], f"the reason: {snapshot['reason']}")
    near.refuse(False)
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()
    unknown_now(engine, "a stop")


def far_behind_by_files(source, target, engine):
    """What is unread or not applied, while the source's binlog goes through four files."""
    with holding(target, f"SELECT * FROM {SCHEMA}.texts WHERE id = 7 FOR UPDATE"):
        source.query(f"UPDATE {SCHEMA}.texts SET fixed = 'before' WHERE id = 7")
        for turn in range(3):
            source.query(f"UPDATE {SCHEMA}.texts SET fixed = 'turn {turn}' WHERE id < 400")
            source.query("FLUSH BINARY LOGS")
        sizes = [int(row[1]) for row in source.query("SHOW BINARY LOGS")][-4:]

        def told():
            lag = engine.status()["lag"]
            return lag["unread_bytes"] + lag["unapplied_bytes"] >= sum(sizes[1:])

        wait_for(told, 60, f"the distance is less than the files {sizes}: {engine.status()['lag']}")


@case()
def test_distance_over_files(scene: Scene):
    """A backlog of several binlog files is told whole, not only the last file's part."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    fill(source.port, 500, "mysql97")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync", seconds=120)
    far_behind_by_files(source, target, engine)
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case()
def test_more_tables_than_a_snapshot_holds(scene: Scene):
    """Of more than 200 tables the busiest 200 are told one by one, and all of them are counted."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    for number in range(203):
        source.query(f"CREATE TABLE {SCHEMA}.t{number:03} (id INT PRIMARY KEY)")
    source.query(f"INSERT INTO {SCHEMA}.t000 VALUES (1), (2), (3)")
    engine = scene.engine(source, target).start()
    snapshot = engine.until_state("in-sync", seconds=240)
    equal(snapshot["tables"]["total"], 203, "tables")
    equal(snapshot["tables"]["done"], 203, "tables that are done")
    equal(len(snapshot["table_list"]), 200, "tables that are told")
    equal(snapshot["table_list"][0]["name"], f"{SCHEMA}.t000", "the largest comes first")
    page = engine.ask("tables", {"sort": "name", "offset": 150})["result"]
    equal((page["total"], [one["name"] for one in page["table_list"]]), (203, [f"{SCHEMA}.t{number:03}" for number in range(150, 203)]), "a page by name")
    page = engine.ask("tables", {"filter": "T20", "show": "done"})["result"]
    equal(sorted(one["name"] for one in page["table_list"]), [f"{SCHEMA}.t{number}" for number in (200, 201, 202)], "those that are found")
    check(not engine.ask("tables", {"sort": "colour"})["ok"], "an order that is not known")
    same(scene, source, target)
    engine.stop()


@case()
def test_far_behind(scene: Scene):
    """A run that was in sync and falls behind does not go on saying so; it is in sync again when it is."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    fill(source.port, 500, "mysql97")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync", seconds=120)
    with holding(target, f"SELECT * FROM {SCHEMA}.texts WHERE id = 7 FOR UPDATE"):
        connection = connect(source.port, database=SCHEMA)
        with connection.cursor() as cursor:
            cursor.execute("SET timestamp = UNIX_TIMESTAMP() - 120")
            cursor.execute("UPDATE texts SET fixed = 'before' WHERE id = 7")
        connection.close()
        snapshot = engine.until_state("catching-up", seconds=60)
        check(snapshot["lag"]["seconds"] > 30, f"the lag: {snapshot['lag']}")
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


if __name__ == "__main__":
    main()
