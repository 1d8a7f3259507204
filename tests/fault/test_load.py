#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""LOAD DATA LOCAL as a writer: what it brings is what INSERT brings, and whatever happens to it, no row is lost,
doubled or altered. Every case ends with both servers compared by a query of its own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import OPTIONS, Scene, answers, case, check, equal, flavour, main, position, same, wait_for  # noqa: E402
from workload import SCHEMA, Writer, connect, fill  # noqa: E402

LOAD = "LOAD DATA LOCAL"
ROWS = 40_000
# the default target takes LOAD DATA LOCAL; MySQL has to be told
TARGETS = {"tidb": ("tidb", ()), "mysql97": ("mysql97", ("--local-infile=1",)), "mariadb": ("mariadb", ("--local-infile=1",))}


def items(server, rows=40_000, name="CONCAT('name ', n)"):
    """One table of plain rows, so that a chunk is several LOADs."""
    connection = connect(server.port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        cursor.execute(f"CREATE TABLE {SCHEMA}.items (id INT NOT NULL PRIMARY KEY, name VARCHAR(60), pad VARCHAR(200), d DATE)")
        cursor.execute("SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
        for first in range(0, rows, 5000):
            cursor.execute(f"INSERT INTO {SCHEMA}.items VALUES " + ",".join(
                f"({n},'name {n}','{str(n) * 20}','2024-01-31')" for n in range(first, min(rows, first + 5000))))
    connection.close()


def counted(proxy):
    """A rule that does nothing but count the statements with a LOAD."""
    return proxy.slow(0, match=LOAD)


def seen(proxy, rule):
    return next(one["fired"] for one in proxy.tell("list")["rules"] if one["rule"] == rule.number)


def copied(scene, source, proxy, target, **job):
    """A run until both ends are equal."""
    engine = scene.engine(source, proxy, **job).start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    return engine


@case(for_each=[(name, name) for name in TARGETS])
def test_every_table(scene: Scene, name):
    """The twenty tables, with somebody who writes meanwhile, by LOAD and by INSERT: the same rows."""
    kind, options = TARGETS[name]
    source_kind = "mysql97-gtid" if kind == "mysql97" else "mariadb"
    source, target = scene.source(source_kind), scene.target(kind, options)
    fill(source.port, ROWS, flavour(source_kind, kind))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    proxy = scene.proxy(target)
    loads = counted(proxy)
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    wrote = writer.stop()
    check(not wrote["problem"], f"the writer: {wrote['problem']}")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()
    check(seen(proxy, loads), "no LOAD was sent")
    scene.note(f"{seen(proxy, loads)} packets with LOAD")


@case(for_each=[("mysql97", "mysql97"), ("mariadb", "mariadb")])
def test_switched_off(scene: Scene, kind):
    """A target with local_infile off gets INSERT, after one line in the log."""
    source, target = scene.source(), scene.target(kind, ("--local-infile=0",))
    items(source)
    proxy = scene.proxy(target)
    loads = counted(proxy)
    engine = copied(scene, source, proxy, target)
    engine.stop()
    check(0 < seen(proxy, loads) <= 16, f"{seen(proxy, loads)} packets with LOAD")
    equal(engine.text().count("takes no LOAD DATA LOCAL"), 1, "lines about it")


@case(for_each=[("fin", {"how": "fin"}), ("rst", {"how": "rst"}), ("half-fin", {"how": "fin", "half": True}), ("half-rst", {"how": "rst", "half": True})])
def test_cut(scene: Scene, details):
    """The connection ends in the middle of the rows."""
    source, target = scene.source(), scene.target("any")
    items(source)
    proxy = scene.proxy(target)
    cuts = {2: proxy.cut_file(nth=1, times=2, packets=3, **details), 1: proxy.cut_file(nth=4, packets=0, **details)}
    engine = copied(scene, source, proxy, target, limits={"chunk": "512KiB"})
    engine.stop()
    for times, cut in cuts.items():
        equal(cut.wait()["outcomes"], ["cut"] * times, "files that were cut")


@case()
def test_killed_in_the_middle(scene: Scene):
    """kill -9 while rows are under way, several times: what the successor finds is none or all of a chunk."""
    source, target = scene.source(), scene.target("any")
    items(source)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy, limits={"chunk": "512KiB"})
    for nth in (1, 3):
        held = proxy.cut_file(nth=nth, packets=20, how="wait")
        engine.start()
        held.wait(seconds=60)
        engine.kill()
        held.remove()
    proxy.cut("fin")
    engine.start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case()
def test_rows_of_an_earlier_attempt(scene: Scene):
    """Rows are there that the ledger knows nothing of: LOAD would skip them without an error."""
    source, target = scene.source(), scene.target("any")
    items(source)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy, limits={"chunk": "512KiB"})
    held = proxy.cut_file(nth=7, packets=5, how="wait")
    engine.start()
    held.wait(seconds=60)
    wait_for(lambda: target.query("SELECT COUNT(*) FROM tidegate_meta.chunk")[0][0] >= 3, 30, "chunks that are done")
    engine.kill()
    held.remove()
    proxy.cut("fin")
    connection = connect(target.port)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tidegate_meta.lane SET epoch = epoch + 1")  # a COMMIT that is still under way lands before, or never
        check(cursor.execute("DELETE FROM tidegate_meta.chunk") >= 3, "no chunk was in the ledger")
        check(cursor.execute(f"DELETE FROM {SCHEMA}.items WHERE id % 7 = 3"), "no row was there")  # some of each chunk
        check(cursor.execute(f"UPDATE {SCHEMA}.items SET name = 'another' WHERE id % 7 = 4"), "no row was there")
    connection.close()
    loads = counted(proxy)
    engine.start()
    engine.until_state("in-sync")
    same(scene, source, target)
    engine.stop()
    check(seen(proxy, loads), "no LOAD was sent")


@case(for_each=[("tidb", "tidb"), ("mariadb", "mariadb")])
def test_dates_that_are_none(scene: Scene, kind):
    """Values that INSERT takes, and TiDB's LOAD leaves out with a warning."""
    source, target = scene.source(), scene.target(kind)
    items(source)
    connection = connect(source.port)
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode='ALLOW_INVALID_DATES'")
        cursor.execute(f"UPDATE {SCHEMA}.items SET d = '2024-02-31' WHERE id IN (17, 20000, 39999)")
        cursor.execute(f"UPDATE {SCHEMA}.items SET d = '2024-00-00' WHERE id = 18")
    connection.close()
    copied(scene, source, target, target).stop()


@case(for_each=[("tidb", "tidb"), ("mariadb", "mariadb")])
def test_rows_that_do_not_fit(scene: Scene, kind):
    """A row in the middle that the target can't hold: a question that names it, and nothing was cut short."""
    source, target = scene.source(), scene.target(kind)
    items(source)
    source.query(f"UPDATE {SCHEMA}.items SET name = REPEAT('longer than there', 3) WHERE id = 20000")
    proxy = scene.proxy(target)
    held = proxy.hold(LOAD, times=0)
    engine = scene.engine(source, proxy).start()
    held.wait(seconds=60)
    connection = connect(target.port)
    with connection.cursor() as cursor:  # what the checks at the start would not let pass
        cursor.execute(f"ALTER TABLE {SCHEMA}.items MODIFY name VARCHAR(20)")
    held.release()
    held.remove()
    question = engine.question()
    check("Data too long" in str(question), f"another question: {question}")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.items WHERE name LIKE 'longer%'")[0][0], 0, "rows cut short")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {SCHEMA}.items MODIFY name VARCHAR(60)")
    connection.close()
    answers(engine, question, "retry")
    engine.until_state("in-sync")
    same(scene, source, target)
    engine.stop()


@case(for_each=[("tidb", "tidb"), ("mariadb", "mariadb")])
def test_large_insert_of_the_stream(scene: Scene, kind):
    """One INSERT of many rows after the copy, and one while it runs, whose keys are deleted first."""
    source, target = scene.source(), scene.target(kind)
    items(source)
    proxy = scene.proxy(target)
    engine = copied(scene, source, proxy, target)
    loads = counted(proxy)
    connection = connect(source.port)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"INSERT INTO {SCHEMA}.items SELECT id + 100000, name, pad, d FROM {SCHEMA}.items")
        cursor.execute(f"UPDATE {SCHEMA}.items SET name = 'changed' WHERE id % 3 = 0")
        cursor.execute(f"DELETE FROM {SCHEMA}.items WHERE id % 5 = 0")
        cursor.execute("COMMIT")
    connection.close()
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()
    check(seen(proxy, loads), "no LOAD was sent")


if __name__ == "__main__":
    main()
