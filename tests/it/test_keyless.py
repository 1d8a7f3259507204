#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tables without a key, each way to a snapshot on a server where it is the only one; and whole copies without a binlog.

Somebody writes all the time, into the tables that are read: each transaction inserts, updates and deletes, and leaves
the same number in three tables, so that a copy that is not of one moment shows.
"""

import random
import threading

import pymysql
from compare import End, compare
from harness import EXIT, OPTIONS, Scene, answers, case, check, equal, main, position, wait_for  # noqa: I001  (sets the path)

SCHEMA = "tg_it"
ROWS = 3000
USER = "mover"
NEEDED = "SELECT, REPLICATION SLAVE, REPLICATION CLIENT"
NO_BINLOG = ["--skip-log-bin"]
PAD = "REPEAT('x', 30)"


def fill(server, rows=ROWS):
    server.query(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    for table, key in (("bag", "KEY seq (seq)"), ("keyed", "PRIMARY KEY (seq)"), ("other", "UNIQUE KEY seq (seq)")):
        server.query(f"CREATE TABLE {SCHEMA}.{table} (seq BIGINT NOT NULL, grp INT, pad VARCHAR(60), {key})")
    server.query(f"CREATE TABLE {SCHEMA}.still (a INT, b VARCHAR(20))")
    server.query(f"INSERT INTO {SCHEMA}.still VALUES (1,'a'),(1,'a'),(1,'A'),(NULL,NULL),(NULL,NULL)")
    connection = server.connect()
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, 1000):
            values = ",".join(f"({n},{n % 7},{PAD})" for n in range(first, min(first + 1000, rows + 1)))
            for table in ("bag", "keyed", "other"):
                cursor.execute(f"INSERT INTO {SCHEMA}.{table} VALUES {values}")
    connection.commit()
    connection.close()


class Writer:
    """One transaction after the other: a new row in each table, an old one changed, an old one deleted."""

    def __init__(self, server, rows=ROWS, pause=0.004):
        self.next, self.first, self.pause, self.over, self.problem = rows + 1, 1, pause, threading.Event(), None
        self.connection = server.connect()
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        try:
            with self.connection.cursor() as cursor:
                while not self.over.wait(self.pause):
                    self.connection.begin()
                    for table in ("bag", "keyed", "other"):
                        cursor.execute(f"INSERT INTO {SCHEMA}.{table} VALUES ({self.next},{self.next % 7},{PAD})")
                        cursor.execute(f"UPDATE {SCHEMA}.{table} SET grp = grp + 7 WHERE seq = {self.first + 40}")
                        cursor.execute(f"DELETE FROM {SCHEMA}.{table} WHERE seq = {self.first}")
                    self.connection.commit()
                    self.next, self.first = self.next + 1, self.first + 1
        except pymysql.err.Error as problem:
            self.problem = problem

    def stop(self):
        self.over.set()
        self.thread.join()
        check(not self.problem, f"the writer: {self.problem}")

    def discard(self):
        self.over.set()
        self.thread.join()
        self.connection.close()


def user(server, name, grants):
    server.query(f"CREATE USER {name}@'%'")
    server.query(f"GRANT {grants} ON *.* TO {name}@'%'")


def same_as(source, target, schema):
    differences, tables, rows = compare(End(source.port, SCHEMA), End(target.port, schema))
    check(not differences, "both ends differ:\n" + "\n".join(f"{one.table}: {one.text}" for one in differences))
    return tables, rows


LOCK, FLUSH, QUIET = "held for", "held for", "in a quiet moment"
PATHS = [("mysql97-gtid", (("LOCK TABLES", LOCK), ("RELOAD", FLUSH), ("", QUIET))),
         ("mysql97-file", (("", QUIET),)),
         ("mysql56", (("LOCK TABLES", LOCK), ("RELOAD", FLUSH), ("", QUIET))),
         ("mariadb", (("", "read wholly"),))]


@case(for_each=[(kind, kind, paths) for kind, paths in PATHS])
def test_paths(scene: Scene, kind, paths):
    """Each privilege alone; the table is written to all the time, in the last case with pauses of a few milliseconds."""
    source, target = scene.source(kind), scene.target("mariadb")
    fill(source)
    for number, (privilege, words) in enumerate(paths):
        name, schema = f"{USER}{number}", f"tg_copy{number}"
        user(source, name, f"{NEEDED}, {privilege}" if privilege else NEEDED)
        writer = scene.add(Writer(source, source.query(f"SELECT MAX(seq) FROM {SCHEMA}.bag")[0][0], 0.15 if words == QUIET else 0.004))
        writer.first = source.query(f"SELECT MIN(seq) FROM {SCHEMA}.bag")[0][0]
        engine = scene.engine(source, target, name=f"path{number}", source={"user": name},
                              routes=[{"from": f"{SCHEMA}.*", "to": f"{schema}.*"}]).start()
        engine.until_state("in-sync", seconds=60)
        writer.stop()
        engine.until_applied(position(source))
        equal(same_as(source, target, schema)[0], 4, "tables")
        check(words in engine.text(), f"{privilege or 'no privilege'}: not read {words}")
        engine.stop()


@case()
def test_disturbed(scene: Scene):
    """A change of the table between the position and the snapshot is seen in the binlog, and it is read again."""
    source, target = scene.source("mysql97-gtid"), scene.target("mariadb")
    fill(source)
    user(source, USER, NEEDED)
    proxy = scene.proxy(source)
    held = proxy.hold("CONSISTENT SNAPSHOT", nth=1)
    engine = scene.engine(proxy, target, source={"user": USER}).start()
    held.wait()
    source.query(f"UPDATE {SCHEMA}.bag SET grp = grp + 1 WHERE seq < 50")
    held.release()
    engine.until_state("in-sync", seconds=60)
    engine.until_applied(position(source))
    equal(same_as(source, target, SCHEMA)[0], 4, "tables")
    equal(held.remove()["seen"], 3, "snapshots of two tables, one of them twice")
    engine.stop()


@case(long_only=True)
def test_never_quiet(scene: Scene):
    """A table that is never left alone is a question, and waiting for it loses nothing."""
    source, target = scene.source("mysql97-gtid"), scene.target("mariadb")
    fill(source)
    user(source, USER, NEEDED)
    writer = scene.add(Writer(source, pause=0))
    proxy = scene.proxy(source)
    proxy.slow(400, "CONSISTENT SNAPSHOT")
    engine = scene.engine(proxy, target, source={"user": USER}).start()
    question = engine.question(120)
    equal((question["id"], question["table"]), ("TG-2110", f"{SCHEMA}.bag"), "question")
    writer.stop()
    answers(engine, question, "wait")
    engine.until_state("in-sync", seconds=60)
    same_as(source, target, SCHEMA)
    engine.stop()


# ---- without a binlog -------------------------------------------------------------------------------------

def one_moment(target, started_with):
    """The copy is that of one moment: the same sequences everywhere, none missing."""
    found = {table: target.query(f"SELECT MIN(seq), MAX(seq), COUNT(*), SUM(grp) FROM {SCHEMA}.{table}")[0]
             for table in ("bag", "keyed", "other")}
    equal(len(set(found.values())), 1, f"states of the three tables, {found}")
    first, last, count, _ = found["bag"]
    equal(int(count), int(last) - int(first) + 1, "rows between the first and the last")
    check(int(count) == started_with, f"{count} rows, each transaction leaves {started_with}")


@case(for_each=[("mysql56", "mysql56", "LOCK TABLES"), ("mariadb", "mariadb", "RELOAD"), ("mysql97", "mysql97-file", "LOCK TABLES")])
def test_no_binlog(scene: Scene, kind, privilege):
    """full while somebody writes: one moment, compared inside the snapshots; all is refused."""
    source, target = scene.source(kind, NO_BINLOG), scene.target("any" if kind == "mysql56" else "mariadb")
    fill(source, 20_000)
    user(source, USER, f"SELECT, {privilege}")
    engine = scene.engine(source, target, name="follows").start()
    equal(engine.ended(60), EXIT["check"], "exit code of mode all")
    check("TG-2201" in engine.text(), "nothing is said of the binlog")
    scene.add(Writer(source, 20_000))
    engine = scene.engine(source, target, mode="full", source={"user": USER}, limits={"chunk": "64KiB"}).start()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    check("PASS" in engine.text() and "writers were held for" in engine.text(), "no PASS, or no lock")
    one_moment(target, 20_000)


@case(for_each=[("mysql56-lock", "mysql56", "LOCK TABLES"), ("mysql56-flush", "mysql56", "RELOAD"), ("mysql97", "mysql97-file", "RELOAD, LOCK TABLES"),
                ("mariadb", "mariadb", "RELOAD, LOCK TABLES")])
def test_lock_against_a_transaction(scene: Scene, kind, privilege):
    """A transaction that writes the tables in another order than they are locked goes on, and so does the run."""
    source, target = scene.source(kind, NO_BINLOG), scene.target("mariadb")
    fill(source)
    user(source, USER, f"SELECT, {privilege}")
    connection = source.connect()
    connection.begin()
    cursor = connection.cursor()
    cursor.execute(f"UPDATE {SCHEMA}.other SET grp = 1 WHERE seq = 1")
    engine = scene.engine(source, target, mode="full", source={"user": USER}).start()
    waiting = "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE '%lock%' AND info LIKE 'LOCK TABLES%'"
    wait_for(lambda: source.query(waiting)[0][0] == 1 or "writers were held for" in engine.text(), 60, "a lock")
    cursor.execute(f"UPDATE {SCHEMA}.bag SET grp = 1 WHERE seq = 1")
    connection.commit()
    connection.close()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    check("PASS" in engine.text(), "no PASS")
    one_moment(target, ROWS)


@case()
def test_without_privileges(scene: Scene):
    """No lock to be had: a question; one reader is one moment; writers that are stopped are taken at their word, and checked."""
    source, target = scene.source("mariadb", NO_BINLOG), scene.target("mariadb")
    fill(source)
    user(source, USER, "SELECT")
    engine = scene.engine(source, target, mode="full", source={"user": USER}).start()
    equal(engine.ended(60), EXIT["person"], "exit code while nobody answers")
    check("TG-2112" in engine.text(), "not asked")
    writer = scene.add(Writer(source))
    engine = scene.engine(source, target, mode="full", source={"user": USER}, answers={"TG-2112": "one-reader"}).start()
    equal(engine.ended(60), EXIT["fine"], "exit code with one reader")
    one_moment(target, ROWS)
    writer.stop()
    target.query(f"DROP DATABASE {SCHEMA}")
    engine = scene.engine(source, target, name="stopped", mode="full", source={"user": USER}, answers={"TG-2112": "writes-stopped"}).start()
    equal(engine.ended(60), EXIT["fine"], "exit code with stopped writers")
    equal(same_as(source, target, SCHEMA)[0], 4, "tables")


@case()
def test_same_position(scene: Scene):
    """MariaDB with a binlog and the road snapshot: snapshots at one position, without a lock."""
    source, target = scene.source("mariadb"), scene.target("mariadb")
    fill(source)
    user(source, USER, NEEDED)
    scene.add(Writer(source, pause=0.05))
    engine = scene.engine(source, target, mode="full", source={"user": USER}, road={"kind": "snapshot"}).start()
    equal(engine.ended(60), EXIT["fine"], "exit code")
    check("at the same position" in engine.text() and "PASS" in engine.text(), "not by position, or no PASS")
    one_moment(target, ROWS)


@case(for_each=[("kill", "kill"), ("one-connection", "one"), ("all-connections", "all")])
def test_lost_snapshots(scene: Scene, how):
    """kill -9 or the last connection: everything anew; one connection of several: the others go on."""
    rows = 20_000
    source, target = scene.source("mysql56", NO_BINLOG), scene.target("mariadb")
    fill(source, rows)
    proxy = scene.proxy(source)
    proxy.slow(60, "FORCE INDEX|FROM `tg_it`.`bag`")
    scene.add(Writer(source, rows))
    engine = scene.engine(proxy, target, mode="full", limits={"chunk": "64KiB", "readers": 3}).start()
    engine.until(lambda snapshot: snapshot["load"]["rows"] > 2000, 60, "rows at the target")
    if how == "kill":
        engine.kill()
        proxy.clear()
        engine.start()
    else:
        # readers are those that have asked for a border
        wait_for(lambda: len(proxy.connections()) >= 4, 30, "the readers' connections")
        numbers = [one["id"] for one in proxy.connections()]
        proxy.cut(connections=numbers[-1:] if how == "one" else None)
        proxy.clear()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    one_moment(target, rows)
    check("PASS" in engine.text(), "no PASS")
    equal("copied anew" in engine.text(), how != "one", "copied anew")


if __name__ == "__main__":
    main()
