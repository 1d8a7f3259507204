#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A run is started again, or twice: what the ledger on the target knows decides, not what lies on this host."""

import json
import re
import shutil
import time

from harness import EXIT, OPTIONS, Scene, case, check, equal, flavour, main, order, position, same, tidegate  # noqa: I001  (sets the path)
from servers import COMMIT, wait_for
from workload import SCHEMA, Writer, connect, fill

ROWS = 60_000
STEP = 500
RESET = {"mariadb": "RESET MASTER", "mysql97": "RESET BINARY LOGS AND GTIDS", "mysql56": "RESET MASTER"}


class Items:
    """One table that grows by whole transactions."""

    def __init__(self, server):
        self.connection, self.rows = connect(server.port), 0
        with self.connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute(f"CREATE TABLE {SCHEMA}.items (id INT NOT NULL PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB")

    def grow(self, rows=STEP):
        with self.connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {SCHEMA}.items (id,name) VALUES " +
                           ",".join(f"({n},'name {n}')" for n in range(self.rows, self.rows + rows)))
        self.rows += rows

    def discard(self):
        self.connection.close()


def last_words(engine):
    return engine.text()[-2000:]


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file"), ("mysql56", "mysql56")])
def test_reset_source(scene: Scene, kind):
    """The binlog was begun anew and has grown past the old position: its bytes there are other transactions."""
    source, target = scene.source(kind), scene.target("any")
    items = scene.add(Items(source))
    items.grow()
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    items.grow()
    reached, held = position(source), items.rows
    engine.until_applied(reached)
    engine.stop()
    source.query(RESET[source.name])
    check(order(position(source)) < order(reached), f"the reset left {position(source)}")
    while order(position(source)) <= (order(reached)[0], order(reached)[1] + 4096):
        items.grow()
    engine.start()
    equal(engine.ended(60), EXIT["person"], f"exit code of\n{last_words(engine)}\nwhich")
    check("TG-2106" in engine.text(), f"no TG-2106 in {last_words(engine)}")
    equal(target.query(f"SELECT COUNT(*), MAX(id) FROM {SCHEMA}.items")[0], (held, held - 1), "rows at the target, untouched")


@case(for_each=[("foreground", []), ("detached", ["--detach"])])
def test_second_engine(scene: Scene, options):
    """One engine per run directory: the second is refused and the first does not notice."""
    source, target = scene.source(), scene.target("any")
    items = scene.add(Items(source))
    items.grow()
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    second = tidegate("run", *engine.files, "--run-dir", engine.home, *options)
    equal(second.returncode, EXIT["usage"], f"exit code of\n{second.stdout}\nwhich")
    check("TG-1008" in second.stdout, f"no TG-1008 in {second.stdout}")
    items.grow()
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case(for_each=[("copy", "copy"), ("follow", "follow")])
def test_lost_run_directory(scene: Scene, phase):
    """Nothing in the run directory is needed to go on: the ledger on the target knows it all."""
    source, target = scene.source(), scene.target("any")
    fill(source.port, ROWS, flavour("mariadb", target.name))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target, limits={"chunk": "64KiB"}).start()
    if phase == "copy":
        engine.until(lambda snapshot: snapshot["load"]["rows"] > 1000, 60, "rows at the target")
    else:
        engine.until_state("in-sync")
    engine.stop()
    before = target.query("SELECT COUNT(*) FROM tidegate_meta.chunk")[0][0]
    check(before > 0, "the ledger knows no chunk")
    shutil.rmtree(engine.home)
    engine.start()
    engine.until_state("in-sync")
    wrote = writer.stop()
    check(not wrote["problem"], f"the writer: {wrote['problem']}")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case(for_each=[("copy", "copy"), ("follow", "follow"), ("quiet", "quiet")])
def test_another_host(scene: Scene, phase):
    """The same job from another host takes the run over: the first engine ends and leaves all as it is."""
    source, target = scene.source(), scene.target("any")
    fill(source.port, ROWS, flavour("mariadb", target.name))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed)) if phase != "quiet" else None
    first = scene.engine(source, target, limits={"chunk": "64KiB"}).start()
    second = scene.engine(source, target, limits={"chunk": "64KiB"})
    second.home, second.log = scene.home / "elsewhere", scene.logs / "elsewhere.log"
    if phase == "copy":
        first.until(lambda snapshot: snapshot["load"]["rows"] > 1000, 60, "rows at the target")
    else:
        first.until_state("in-sync")
    second.start()
    if phase == "quiet":  # a first engine with nothing to write learns of it with its next transaction
        second.until_state("in-sync")
        source.query(f"DELETE FROM {SCHEMA}.accounts WHERE id = 9")
    equal(first.ended(60), EXIT["resumable"], f"exit code of\n{last_words(first)}\nwhich")
    check("TG-3111" in first.text(), f"no TG-3111 in {last_words(first)}")
    second.until_state("in-sync")
    if writer:
        wrote = writer.stop()
        check(not wrote["problem"], f"the writer: {wrote['problem']}")
    second.until_applied(position(source))
    same(scene, source, target)
    second.stop()


@case()
def test_start_cut_short(scene: Scene):
    """Killed while it makes tables, and the source's are others when it starts again: its own are made anew."""
    source, target = scene.source(), scene.target("any")
    fill(source.port, 2000, flavour("mariadb", target.name))
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy)
    held = proxy.hold(rf"CREATE TABLE `{SCHEMA}`", nth=8)
    engine.start()
    held.wait()
    made = f"SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{SCHEMA}'"
    wait_for(lambda: target.query(made)[0][0], 30, "tables that are made")
    engine.kill()
    held.remove()
    for name, in source.query(f"SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{SCHEMA}' AND TABLE_TYPE = 'BASE TABLE'"):
        source.query(f"ALTER TABLE {SCHEMA}.{name} ADD COLUMN later INT NOT NULL DEFAULT 7")
    engine.start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case()
def test_taken_over_in_doubt(scene: Scene):
    """An engine that is cut off inside a COMMIT, and comes back when another has taken the run over, takes no lane back."""
    source, target = scene.source(), scene.target("any")
    fill(source.port, ROWS // 4, flavour("mariadb", target.name))
    writer, proxy = scene.add(Writer(source.port, seed=OPTIONS.seed)), scene.proxy(target)
    second = scene.engine(source, target, limits={"writers": 1})
    second.home, second.log = scene.home / "elsewhere", scene.logs / "elsewhere.log"
    second.files = [second.file.rename(scene.logs / "elsewhere.yaml")]
    first = scene.engine(source, proxy, limits={"writers": 1}).start()
    first.until_state("in-sync")
    held = proxy.hold(COMMIT)
    held.wait()
    proxy.refuse()
    proxy.cut()
    held.release()
    second.start()
    second.until_state("in-sync")
    proxy.refuse(False)
    equal(first.ended(60), EXIT["resumable"], f"exit code of\n{last_words(first)}\nwhich")
    check("TG-3111" in first.text(), f"no TG-3111 in {last_words(first)}")
    wrote = writer.stop()
    check(not wrote["problem"], f"the writer: {wrote['problem']}")
    second.until_applied(position(source))
    same(scene, source, target)
    second.stop()


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid"), ("mysql56", "mysql56")])
def test_default_of_schema(scene: Scene, kind):
    """A table without a charset has that of its schema, as it was at that place of the binlog: not the session's, not the
    server's, not today's."""
    source, target = scene.source(kind), scene.target("any")
    connection = scene.add(Items(source)).connection
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")

    def run(*statements):
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS tg_else CHARACTER SET latin1")
            for statement in ("USE tg_else", *statements):
                cursor.execute(statement)

    def table(name, *keys):
        return (f"CREATE TABLE {SCHEMA}.{name} (k VARCHAR(20) NOT NULL PRIMARY KEY) ENGINE=InnoDB",
                f"INSERT INTO {SCHEMA}.{name} VALUES " + ",".join(f"('{key}')" for key in keys))
    run(*table("binary_", "a", "A", "ä"),
        f"ALTER DATABASE {SCHEMA} COLLATE utf8mb4_unicode_ci", *table("unicode", "a", "b"), *table("left_alone", "é", "ü"),
        f"ALTER DATABASE {SCHEMA} CHARACTER SET latin1 COLLATE latin1_bin")
    engine.until_applied(position(source))
    engine.stop()
    run(*table("latin", "é", "E", "e"), f"USE {SCHEMA}",
        "ALTER DATABASE COLLATE utf8mb4_general_ci", *table("general", "a", "b"), f"ALTER DATABASE {SCHEMA} COLLATE utf8mb4_bin")
    engine.start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    collations = ("SELECT table_name, collation_name FROM information_schema.columns"
                  f" WHERE table_schema = '{SCHEMA}' AND column_name = 'k' ORDER BY table_name")
    wanted = (("binary_", "utf8mb4_bin"), ("general", "utf8mb4_general_ci"), ("latin", "latin1_bin"),
              ("left_alone", "utf8mb4_unicode_ci"), ("unicode", "utf8mb4_unicode_ci"))
    equal(source.query(collations), wanted, "collations at the source")
    mapped = tuple((name, "utf8mb4_bin" if name == "latin" and target.name == "tidb" else one) for name, one in wanted)
    equal(target.query(collations), mapped, "collations at the target")
    engine.stop()


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid")])
def test_figures(scene: Scene, kind):
    """What was copied before a restart stands in the figures after it, tables without a key among them; and it was not copied just now."""
    source, target = scene.source(kind), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    for name, key in (("keyless", ""), ("keyed", ", PRIMARY KEY (a)"), ("named", ", PRIMARY KEY (a)")):
        source.query(f"CREATE TABLE {SCHEMA}.{name} (a INT NOT NULL, b VARCHAR(100){key})")
        source.query(f"INSERT INTO {SCHEMA}.{name} WITH RECURSIVE n AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM n WHERE a < 900) SELECT a, REPEAT('x', 50) FROM n")

    def figures(snapshot):
        return {table["name"]: [table[key] for key in ("rows_loaded", "bytes_loaded", "rows_read", "bytes_read", "rows_guess", "chunks_done")]
                for table in snapshot["table_list"]} | {"all": [snapshot[flow][key] for flow in ("dump", "load") for key in ("rows", "bytes", "total")]}
    engine = scene.engine(source, target, limits={"chunk": "64KiB"}).start()
    engine.until_state("in-sync")
    source.query(f"RENAME TABLE {SCHEMA}.named TO {SCHEMA}.renamed")
    source.query(f"INSERT INTO {SCHEMA}.keyless VALUES (901, 'followed')")
    engine.until_applied(position(source))
    before = figures(engine.status())
    equal([before[f"{SCHEMA}.{name}"][0] for name in ("keyless", "keyed", "renamed")], [900, 900, 900], "rows copied")
    for stop in (engine.stop, engine.kill):
        stop()
        engine.start()
        after = engine.until_state("in-sync")
        equal(figures(after), before, "figures after a restart")
        equal([after[flow][key] for flow in ("dump", "load") for key in ("rate", "row_rate", "rate_long")], [0] * 6, "rates after a restart")
        equal([table["rate"] for table in after["table_list"]], [0] * 3, "rates of tables")
    same(scene, source, target)
    engine.stop()


@case()
def test_age(scene: Scene):
    """The age on the screen is that of the run, whichever engine tells it, and with the run directory lost: the ledger knows."""
    source, target = scene.source(), scene.target("any")
    scene.add(Items(source)).grow()
    earliest = int(time.time() * 1000)
    engine = scene.engine(source, target).start()
    first = engine.until_state("in-sync")
    check(earliest <= first["began_ms"] <= first["at_ms"] and first["began_ms"] == first["since_ms"], f"the run began at {first['began_ms']}")
    engine.stop()
    hours = "UPDATE tidegate_meta.note SET text = CAST(text AS SIGNED) - 7500000 WHERE kind = 'began' AND run = 'it'"
    equal(target.query("SELECT text FROM tidegate_meta.note WHERE kind = 'began'"), ((str(first["began_ms"]),),), "what the ledger knows")
    target.query(hours)
    shutil.rmtree(engine.home)
    engine.start()
    again = engine.until_state("in-sync")
    equal(again["began_ms"], first["began_ms"] - 7500000, "when the run began, told by the second engine")
    check(again["since_ms"] > first["since_ms"], "the second engine claims to be the first")
    said = lambda: re.findall(r"\d+ h \d+ m\b", engine.control("status").stdout.splitlines()[0])
    equal(said(), ["2 h 5 m"], "the age that a live run shows")
    engine.stop()
    equal(said(), ["2 h 5 m"], "the age that a stopped run shows")
    equal(json.loads((engine.home / "it/report.json").read_text())["report"]["times"]["started_ms"], again["began_ms"], "the report's begin")
    target.query("DELETE FROM tidegate_meta.note WHERE kind = 'began'")  # a ledger of an earlier version
    engine.start()
    equal(engine.until_state("in-sync")["began_ms"], None, "when the run began")
    title = engine.control("status").stdout.splitlines()[0]
    check(not re.search(r"\d+ [smh]\b", title), f"an age out of nothing: {title}")
    engine.stop()


@case()
def test_key_beside_ddl(scene: Scene):
    """A foreign key is made while a DDL of the same table is in doubt: that the table looks otherwise does not mean that the DDL ran."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    behind = scene.proxy(target)
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.parent (id INT NOT NULL PRIMARY KEY)")
    source.query(f"CREATE TABLE {SCHEMA}.child (id INT NOT NULL PRIMARY KEY, p INT, KEY (p), CONSTRAINT fk_p FOREIGN KEY (p) REFERENCES {SCHEMA}.parent (id))")
    source.query(f"INSERT INTO {SCHEMA}.parent VALUES (1), (2)")
    source.query(f"INSERT INTO {SCHEMA}.child VALUES (1, 1), (2, 2)")
    key, column = behind.hold(r"ADD CONSTRAINT"), behind.drop(r"(?s)SET timestamp = \d+.*ADD COLUMN", when="before", times=1000)
    engine = scene.engine(source, behind).start()
    key.wait()
    source.query(f"ALTER TABLE {SCHEMA}.child ADD COLUMN late INT NOT NULL DEFAULT 7")
    source.query(f"INSERT INTO {SCHEMA}.child VALUES (3, 1, 8)")
    column.wait()
    key.release()
    wait_for(lambda: target.query(f"SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '{SCHEMA}'"), 30, "the key")
    column.remove()
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


if __name__ == "__main__":
    main()
