#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of 30 MiB, and rows that a target can't take: these go to the quarantine, the run goes on, and is not green before they are in."""

import json
import random

import pymysql
from harness import EXIT, OPTIONS, Scene, answers, case, check, equal, main, position, same, verdict, wait_for  # noqa: I001  (sets the path)
from workload import SCHEMA

MIB = 1 << 20
MEMORY = 256 << 20


def wide(server):
    """A connection that takes statements of any length."""
    return pymysql.connect(host="127.0.0.1", port=server.port, user="root", charset="utf8mb4", max_allowed_packet=1 << 30, autocommit=True)


class Table:
    """`big`: bytes, text and a document of any size."""

    def __init__(self, server, key="id INT NOT NULL PRIMARY KEY", document="JSON"):
        self.random, self.connection = random.Random(OPTIONS.seed), wide(server)
        self.run(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}")
        self.run(f"CREATE TABLE {SCHEMA}.big ({key}, b LONGBLOB, t LONGTEXT, d {document}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")

    def run(self, statement, arguments=None):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, arguments)

    def put(self, number, blob=0, text=0, document=0, verb="INSERT"):
        """blob bytes, quotes, backslashes and zeros among them; text and document of about so many bytes. The server makes them long."""
        block = self.random.randbytes(1 << 16)
        self.run(f"{verb} INTO {SCHEMA}.big VALUES ({number}, SUBSTR(REPEAT(UNHEX('{block.hex()}'), {blob // len(block) + 1}), 1, {blob}), "
                 f"REPEAT('it''s \\\\ w\u00f6rd \U0001f642 ', {text // 18}), CONCAT('{{\"k\": \"', REPEAT('v', {document}), '\"}}'))")

    def discard(self):
        self.connection.close()


def sums(server):
    """What each row holds, by the server's own functions."""
    return {one[0]: one[1:] for one in server.query(
        f"SELECT id, LENGTH(b), SHA2(b,256), LENGTH(t), SHA2(t,256), SHA2(CAST(d AS CHAR),256) FROM {SCHEMA}.big ORDER BY id")}


def packet(server, size):
    server.query(f"SET GLOBAL max_allowed_packet={size}")


# TiDB's store in memory ends the server at a row of 8 MiB that is committed in two phases; its own default is 6 MiB a row.
@case("large_rows", for_each=[("mysql97", "mariadb", "mysql97", "LONGTEXT", 30), ("tidb", "mysql97-file", "tidb", "JSON", 7)])
@case("large_rows", long_only=True, for_each=[("mariadb", "mysql97-file", "mariadb", "JSON", 30)])
def test_large_rows(scene: Scene, kind, target_kind, document, size):
    """Large rows, copied and streamed; the engine's memory stays in its bounds."""
    source, target = scene.source(kind), scene.target(target_kind, judged=False)
    packet(source, 256 * MIB)
    if target_kind == "mariadb":
        packet(target, 64 * MIB)
    size *= MIB
    table = scene.add(Table(source, document=document))
    table.put(1, blob=size)
    table.put(2, text=size)
    table.put(3, document=size)
    for number in range(4, 40):
        table.put(number, blob=1000)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    copied = engine.peak_memory()
    table.put(50, blob=size)
    table.put(2, text=size, verb="REPLACE")
    table.run(f"UPDATE {SCHEMA}.big SET t = 'small' WHERE id = 1")
    table.run(f"DELETE FROM {SCHEMA}.big WHERE id = 3")
    engine.until_applied(position(source))
    equal(sums(target), sums(source), "rows")
    peak = engine.peak_memory()
    scene.note(f"peak {copied / MIB:.0f} MiB in the copy, {peak / MIB:.0f} MiB at the end")
    check(peak < MEMORY, f"VmHWM was {peak} bytes")
    engine.stop()


@case("too_large", for_each=[("tidb", "tidb")])
@case("too_large", long_only=True, for_each=[("mysql97", "mysql97"), ("mariadb", "mariadb")])
def test_too_large(scene: Scene, kind):
    """A target that takes packets of 1 MiB: larger rows are kept out, change, fit, go; then the limit is raised."""
    source, target = scene.source("mariadb"), scene.target(kind, judged=kind == "tidb")  # MariaDB's log of 3 MiB rows can't be read
    packet(source, 64 * MIB)
    packet(target, MIB)
    table = scene.add(Table(source, document="LONGTEXT"))
    for number in range(20):
        table.put(number, blob=3 * MIB if number in (3, 7, 11, 15) else 2000)
    engine = scene.engine(source, target).start()
    engine.until(lambda snapshot: snapshot["state"] == "in-sync" and snapshot["quarantine"] == 4, 60, "four rows in quarantine")
    equal(sorted(row[0] for row in target.query(f"SELECT id FROM {SCHEMA}.big")), [n for n in range(20) if n not in (3, 7, 11, 15)],
          "ids at the target")
    table.put(20, text=2 * MIB)                                        # a new one
    table.run(f"UPDATE {SCHEMA}.big SET b = 'fits now' WHERE id = 3")  # leaves it
    table.run(f"DELETE FROM {SCHEMA}.big WHERE id = 7")                # leaves it too
    table.put(11, text=2 * MIB, verb="REPLACE")                        # another that does not fit
    table.run(f"UPDATE {SCHEMA}.big SET t = REPEAT('x', 2000000) WHERE id = 5")  # was there, is no more
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 4, "rows in quarantine")
    have, want = sums(target), sums(source)
    equal(have, {k: v for k, v in want.items() if k not in (5, 11, 15, 20)}, "rows at the target")
    kept = target.query("SELECT key_text, reason FROM tidegate_meta.quarantine ORDER BY key_text")
    equal([row[0] for row in kept], ["id=11", "id=15", "id=20", "id=5"], "keys in the ledger")
    check(all("max_allowed_packet" in row[1] for row in kept), f"reasons: {kept}")
    equal(len([one for one in (engine.home / "it/quarantine").iterdir() if one.name.endswith(".sql")]) >= 4, True, "files")
    equal(verdict(engine), "FAIL 4 rows in quarantine", "verdict")
    engine.stop()
    engine.start()  # nothing has changed: they stay
    engine.until_state("in-sync")
    equal(engine.status()["quarantine"], 4, "rows in quarantine after a start with the same limit")
    engine.kill()
    packet(target, 64 * MIB)
    table.run(f"UPDATE {SCHEMA}.big SET b = 'once more' WHERE id = 20")
    engine.start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 0, "rows in quarantine after the limit was raised")
    equal(sums(target), sums(source), "rows")
    same(scene, source, target)
    equal(verdict(engine), "PASS", "verdict")
    engine.stop()


@case("refused_values", for_each=[("tidb", "tidb")])
@case("refused_values", long_only=True, for_each=[("mysql97", "mysql97")])
def test_refused_values(scene: Scene, kind):
    """A target without a partition for some rows: exactly these are set aside, and the run ends with 6 until they are in."""
    source, target = scene.source("mariadb"), scene.target(kind)
    table = f"TABLE {SCHEMA}.names (id INT NOT NULL PRIMARY KEY, name VARCHAR(40))"
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE {table} ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    source.query(f"INSERT INTO {SCHEMA}.names VALUES " + ",".join(f"({(n * 37) % 2000},'name {n}')" for n in range(2000)))
    target.query(f"CREATE DATABASE {SCHEMA}")
    target.query(f"CREATE {table} DEFAULT CHARSET=utf8mb4 PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (1992))")
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}, answers={"TG-3104": "quarantine"}).start()
    equal(engine.ended(), EXIT["different"], "exit code")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.names")[0][0], 1992, "rows at the target")
    equal(target.query("SELECT COUNT(*), MIN(key_text), MAX(key_text) FROM tidegate_meta.quarantine")[0], (8, "id=1992", "id=1999"), "the ledger")
    check("TG-6103" in engine.text() and "FAIL 8 rows in quarantine" in (engine.home / "it/report.txt").read_text(), "the report")
    target.query(f"ALTER TABLE {SCHEMA}.names ADD PARTITION (PARTITION q VALUES LESS THAN (3000))")
    equal(engine.start().ended(), EXIT["fine"], "exit code after there is a place for them")
    same(scene, source, target)


@case()
def test_asked(scene: Scene):
    """Without an answer in the job the run asks, and `retry` is right once the cause is mended."""
    source, target = scene.source("mariadb"), scene.target("any")
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.names (id INT NOT NULL, name VARCHAR(40)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    target.query(f"ALTER TABLE {SCHEMA}.names MODIFY name VARCHAR(10)")
    source.query(f"INSERT INTO {SCHEMA}.names VALUES (1,'short'),(2,'much too long a name'),(3,'short')")
    question = engine.question()
    equal([one["slug"] if isinstance(one, dict) else one for one in question["choices"]], ["retry", "quarantine", "stop"], "choices")
    answers(engine, question, "quarantine")
    engine.until_applied(position(source))
    equal(target.query(f"SELECT id FROM {SCHEMA}.names ORDER BY id"), ((1,), (3,)), "rows at the target")
    source.query(f"DELETE FROM {SCHEMA}.names WHERE id > 1")  # a table without a key: one of them was never there
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 0, "rows in quarantine")
    source.query(f"INSERT INTO {SCHEMA}.names VALUES (4,'much too long a name')")
    question = engine.question()
    target.query(f"ALTER TABLE {SCHEMA}.names MODIFY name VARCHAR(40)")
    answers(engine, question, "retry")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case(for_each=[("8025", 8025, "entry too large, the max entry size is 6291456, the size of data is 7000000"), ("1118", 1118, "Row size too large")])
def test_entry_limit(scene: Scene, code, message):
    """A target refuses one row of many by its size: that one is found, nobody is asked, and it goes in when the target takes it."""
    source, target = scene.source("mariadb"), scene.target("any")
    proxy = scene.proxy(target)
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.names (id INT NOT NULL PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    refused = proxy.error(code, rf"INSERT INTO `{SCHEMA}`.*not this one", message=message, times=1000)
    source.query(f"INSERT INTO {SCHEMA}.names VALUES " + ",".join(f"({n},'{'not this one' if n == 123 else 'fine'}')" for n in range(300)))
    source.query(f"UPDATE {SCHEMA}.names SET name = 'mended' WHERE id = 7")
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 1, "rows in quarantine")
    equal(target.query("SELECT key_text, reason LIKE '%too large%' FROM tidegate_meta.quarantine"), (("id=123", 1),), "the ledger")
    equal(target.query(f"SELECT COUNT(*), SUM(id = 123) FROM {SCHEMA}.names"), ((299, 0),), "rows at the target")
    engine.kill()
    refused.remove()
    engine.start()
    engine.until_state("in-sync")
    equal(engine.status()["quarantine"], 0, "rows in quarantine")
    same(scene, source, target)
    engine.stop()


@case()
def test_refused_commit(scene: Scene):
    """TiKV refuses a row at COMMIT without naming it: the largest row of the batch is set aside; what still fails is asked."""
    source, target = scene.source("mariadb"), scene.target("any")
    proxy = scene.proxy(target)
    table = scene.add(Table(source, document="LONGTEXT"))
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    refused = proxy.error(1105, message="raft entry is too large, region_id: 1, entry_size: 9000000", times=1000, send="ROLLBACK")
    table.run("BEGIN")
    for number in range(5):
        table.put(number, blob=MIB * 3 // 2 if number == 3 else 2000)
    table.run("COMMIT")
    question = engine.question()
    equal(question["id"], "TG-3112", "the question")
    refused.remove()
    answers(engine, question, "retry")
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 1, "rows in quarantine")
    equal(sums(target), {k: v for k, v in sums(source).items() if k != 3}, "rows at the target")
    engine.stop()
    engine.start()
    engine.until_state("in-sync")
    equal(sums(target), sums(source), "rows at the target after another try")
    engine.stop()


STEP = 20_000


def grow(cursor, table, rows, width):
    """Rows 1 to `rows`, made on the server, inside the open transaction."""
    for first in range(1, rows + 1, STEP):
        cursor.execute(f"INSERT INTO {SCHEMA}.{table} SELECT {first} + a.n + 200 * b.n, ({first} + a.n + 200 * b.n) % 1000, "
                       f"REPEAT(CHAR(97 + a.n % 26), {width}) FROM {SCHEMA}.numbers a JOIN {SCHEMA}.numbers b "
                       f"WHERE b.n < {min(STEP, rows + 1 - first) // 200}")


@case("large_transaction", for_each=[("mariadb", "mariadb")])
@case("large_transaction", long_only=True, for_each=[("mysql97-file", "mysql97-file"), ("mysql56", "mysql56")])
def test_large_transaction(scene: Scene, kind):
    """One transaction of many rows, in tables with and without a key, which the engine is killed in, with other limits afterwards."""
    rows, width = (300_000, 600) if OPTIONS.long else (24_000, 800)
    source, target = scene.source(kind), scene.target("tidb", judged=False)
    connection = wide(source)
    connection.autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.numbers (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB")
        cursor.execute(f"INSERT INTO {SCHEMA}.numbers VALUES " + ",".join(f"({n})" for n in range(200)))
        cursor.execute(f"CREATE TABLE {SCHEMA}.keyed (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c TEXT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        cursor.execute(f"CREATE TABLE {SCHEMA}.bag (id INT NOT NULL, k INT NOT NULL, c TEXT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        cursor.execute(f"INSERT INTO {SCHEMA}.bag VALUES (1,1,'same'),(1,1,'same'),(2,2,'other')")
        connection.commit()
    proxy = scene.proxy(source)
    engine = scene.engine(proxy, target, limits={"memory": "96MiB"}).start()
    engine.until_state("in-sync")
    with connection.cursor() as cursor:
        grow(cursor, "keyed", rows, width)
        cursor.execute(f"INSERT INTO {SCHEMA}.bag SELECT id, k, 'bagged' FROM {SCHEMA}.keyed WHERE id <= 4000")
        cursor.execute(f"UPDATE {SCHEMA}.keyed SET k = k + 1, c = CONCAT(c, 'x') WHERE id % 10 = 3")
        cursor.execute(f"DELETE FROM {SCHEMA}.keyed WHERE id % 7 = 2")
        cursor.execute(f"UPDATE {SCHEMA}.keyed SET id = id + 10000000 WHERE id % 100 = 50")
        cursor.execute(f"DELETE FROM {SCHEMA}.bag WHERE k = 1 OR id % 2 = 1")
    connection.commit()
    connection.close()
    source.query(f"INSERT INTO {SCHEMA}.keyed VALUES (20000000, 1, 'after it')")
    wait_for(lambda: "applied in parts" in engine.text(), 60, "its first part", pause=0.02)
    proxy.cut()  # the stream opens again in front of it: what has entered does not enter again
    wait_for(lambda: "opened again" in engine.text(), 60, "the stream to open again", pause=0.02)
    wait_for(lambda: target.query("SELECT COUNT(*) FROM tidegate_meta.part")[0][0] > 2, 60, "parts of it at the target", pause=0.02)
    engine.kill()
    parts = target.query("SELECT COUNT(*), SUM(row_count) FROM tidegate_meta.part")[0]
    check(parts[0] > 0, "the ledger knows no part")
    engine.file.write_text(engine.file.read_text().replace("96MiB", "240MiB"))
    engine.start()
    engine.until(lambda snapshot: snapshot["state"] != "planned", 60, "a start")
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    scene.note(f"{parts[0]} parts of {parts[1]} rows before the kill, peak {engine.peak_memory() / MIB:.0f} MiB")
    check(engine.peak_memory() < MEMORY, "VmHWM")
    equal(target.query("SELECT COUNT(*) FROM tidegate_meta.part")[0][0], 0, "parts that are left in the ledger")
    engine.stop()


@case(for_each=[("replaced", "mariadb", "CREATE OR REPLACE TABLE", False), ("replaced-killed", "mariadb", "CREATE OR REPLACE TABLE", True),
                ("made-killed", "mysql97-gtid", "CREATE TABLE", True)])
def test_large_select(scene: Scene, kind, create, is_killed):
    """A table is made with many rows in one transaction, while the stream breaks, and the engine is killed: it is made once, and what
    it was before is gone once."""
    source, target = scene.source(kind), scene.target("tidb", judged=False)
    connection = wide(source)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        cursor.execute(f"CREATE TABLE {SCHEMA}.numbers (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB")
        cursor.execute(f"INSERT INTO {SCHEMA}.numbers VALUES " + ",".join(f"({n})" for n in range(200)))
        if "REPLACE" in create:
            cursor.execute(f"CREATE TABLE {SCHEMA}.taken (id INT NOT NULL PRIMARY KEY, old INT) ENGINE=InnoDB")
            cursor.execute(f"INSERT INTO {SCHEMA}.taken VALUES (1,1), (7000000,2)")
    proxy, behind = scene.proxy(source), scene.proxy(target)
    engine = scene.engine(proxy, behind, limits={"memory": "32MiB"}).start()
    engine.until_state("in-sync")
    slow = behind.slow(100, match="tidegate_meta.part ")  # so that the stream stands, and most of it is still to be read
    with connection.cursor() as cursor:
        cursor.execute(f"{create} {SCHEMA}.taken (PRIMARY KEY (id)) ENGINE=InnoDB AS SELECT a.n * 200 + b.n AS id, a.n % 7 AS k, "
                       f"REPEAT(CHAR(97 + b.n % 26), 800) AS c FROM {SCHEMA}.numbers a JOIN {SCHEMA}.numbers b WHERE a.n < 200")
    connection.close()
    source.query(f"INSERT INTO {SCHEMA}.taken VALUES (20000000, 1, 'after it')")

    def parts():
        return target.query("SELECT COUNT(*) FROM tidegate_meta.part")[0][0]
    wait_for(lambda: parts() > 0, 60, "a part of it at the target", pause=0.02)
    proxy.cut()
    slow.remove()
    wait_for(lambda: "opened again" in engine.text(), 60, "the stream to open again", pause=0.02)
    if is_killed:
        wait_for(lambda: parts() > 1, 60, "parts of it at the target", pause=0.02)
        engine.kill()
        check(parts() > 0, "the whole was at the target before the kill")
        engine.start()
        engine.until(lambda snapshot: snapshot["state"] != "planned", 60, "a start")
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    same(scene, source, target)
    equal((parts(), engine.text().count("DDL applied")), (0, 1), "parts that are left in the ledger, and tables made")
    engine.stop()


@case()
def test_swapped(scene: Scene):
    """A row is in quarantine, its table is swapped with another, and the engine dies before its mark is behind that: the row must not
    go into the other table."""
    source, target = scene.source("mariadb"), scene.target("any")
    proxy = scene.proxy(target)
    source.query(f"CREATE DATABASE {SCHEMA}")
    for table in ("one", "two"):
        source.query(f"CREATE TABLE {SCHEMA}.{table} (id INT NOT NULL PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    proxy.error(8025, rf"INSERT INTO `{SCHEMA}`.*not this one", message="entry too large, the max entry size is 6291456", times=1000)
    source.query(f"INSERT INTO {SCHEMA}.one VALUES (1,'fine'), (2,'not this one')")
    engine.until_applied(position(source))
    equal(engine.status()["quarantine"], 1, "rows in quarantine")
    mark = proxy.hold(r"SET mark_pos")
    source.query(f"INSERT INTO {SCHEMA}.two VALUES (1,'of the other')")
    mark.wait()
    source.query(f"RENAME TABLE {SCHEMA}.one TO {SCHEMA}.x, {SCHEMA}.two TO {SCHEMA}.one, {SCHEMA}.x TO {SCHEMA}.two")
    wait_for(lambda: target.query(f"SELECT name FROM {SCHEMA}.one") == (("of the other",),), 30, "the swap at the target")
    wait_for(lambda: target.query("SELECT 1 FROM tidegate_meta.ddl WHERE state = 'done'"), 30, "the swap in the ledger")
    engine.kill()
    proxy.clear()
    engine.start()
    engine.until_state("in-sync")
    engine.until_applied(position(source))
    equal(target.query(f"SELECT id, name FROM {SCHEMA}.one"), ((1, "of the other"),), "rows of the other table")
    equal(target.query(f"SELECT id, name FROM {SCHEMA}.two"), ((1, "fine"),), "rows of its own")
    equal(engine.status()["quarantine"], 1, "rows in quarantine, told and not lost")
    engine.stop()


if __name__ == "__main__":
    main()
