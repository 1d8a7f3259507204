#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 before and after every write to the ledger: the engine is started again and both ends are equal.

The places are the fail points of a build that has them (src/base/fail.h). None is listed here: a run without a
death writes down which points it passes, so a new one is tried without a change to this file. Two runs are the
pattern. `fresh` begins, copies and follows. `again` goes on after a death in the middle of the copy of a table
without a key, and so also copies that table anew. In each pattern every point that it passes is a trial:

    reset both schemas, start, die at the point when it is passed the N-th time, start again, let it go on to the
    end of the changes, compare both servers

Somebody writes all the time, and once everything is copied a table is copied anew, and the changes of SHAPES follow:
in every other trial at once, in the others when that table is whole again.
The short suite takes N = 1, the points of `again` only where `fresh` has not passed them. The long one takes
every N for DDL, else the first and a middle one, and dies at the same point in the second start too.
"""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import queue
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import OPTIONS, ROOT, TIDEGATE, Scene, case, check, equal, main, order, position, same, wait_for  # noqa: E402
from workload import SCHEMA, connect  # noqa: E402

PROGRAM = Path(os.environ.get("TIDEGATE_WITH_FAIL_POINTS") or ROOT / "build/asan/tidegate")
CUT = "chunk.sent:1"  # `again` is what follows this death; tables without a key come first
KEYED_ROWS, KEYLESS_ROWS = 1500, 120
AT_ONCE = 2

TABLES = {
    "keyed": "id INT NOT NULL PRIMARY KEY, v INT NOT NULL, note VARCHAR(200) NOT NULL",
    "heap": "v INT NOT NULL, note VARCHAR(20)",
    "shaped": "id INT NOT NULL PRIMARY KEY, v INT",
    "emptied": "id INT NOT NULL PRIMARY KEY, v INT",
    "dropped": "id INT NOT NULL PRIMARY KEY, v INT",
    "left_": "id INT NOT NULL PRIMARY KEY, v INT",
    "right_": "id INT NOT NULL PRIMARY KEY, v INT",
}
# rows around each DDL tell whether it came in its place, once
SHAPES = [
    "INSERT INTO shaped VALUES (101, 1), (102, 2)",
    "ALTER TABLE shaped ADD COLUMN added VARCHAR(20) NOT NULL DEFAULT 'before'",
    "INSERT INTO shaped VALUES (103, 3, 'after'), (104, 4, 'after')",
    "ALTER TABLE shaped ADD COLUMN first_ INT NOT NULL DEFAULT 7, DROP COLUMN v",
    "INSERT INTO shaped VALUES (105, 'once more', 8)",
    "INSERT INTO emptied VALUES (101, 1)",
    "TRUNCATE TABLE emptied",
    "INSERT INTO emptied VALUES (101, 2), (102, 2)",
    "CREATE TABLE born (id INT NOT NULL PRIMARY KEY, v INT) ENGINE=InnoDB",
    "INSERT INTO born VALUES (1, 1), (2, 2)",
    "UPDATE born SET v = v + 10 WHERE id = 2",
    "INSERT INTO dropped VALUES (101, 1)",
    "DROP TABLE dropped",
    "RENAME TABLE left_ TO between_, right_ TO left_, between_ TO right_",
    "INSERT INTO left_ VALUES (301, 1)",
    "INSERT INTO right_ VALUES (401, 2)",
    "RENAME TABLE born TO grown",
    "INSERT INTO grown VALUES (3, 3)",
    "CREATE TABLE born (id INT NOT NULL PRIMARY KEY, w VARCHAR(9)) ENGINE=InnoDB",
    "INSERT INTO born VALUES (1, 'another')",
    "CREATE TABLE bare (v INT) ENGINE=InnoDB",
    "INSERT INTO bare VALUES (1), (1), (NULL)",
    "DELETE FROM bare WHERE v = 1 LIMIT 1",
]
# a table and its rows in one transaction: in every other trial the first of all DDL, where a point is passed the first time
TAKEN = ["CREATE TABLE taken (PRIMARY KEY (id)) ENGINE=InnoDB AS SELECT id, v FROM keyed WHERE id < 400", "UPDATE taken SET v = v + 1 WHERE id < 99"]


class Churn:
    """One connection that changes rows of `keyed` and `heap` all the time, a pattern that never ends."""

    def __init__(self, port, schema):
        self.connection, self.over, self.problem, self.done = connect(port, database=schema), threading.Event(), None, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def step(self, cursor, n):
        cursor.execute("BEGIN")
        cursor.execute(f"INSERT INTO keyed VALUES ({KEYED_ROWS + 1 + n}, {n}, 'new')")
        cursor.execute(f"UPDATE keyed SET v = v + 1000 WHERE id IN ({n * 7 % KEYED_ROWS}, {n * 3 % KEYED_ROWS})")
        cursor.execute(f"DELETE FROM keyed WHERE id = {n * 11 % KEYED_ROWS} OR id = {KEYED_ROWS - 20 + n}")
        cursor.execute(f"INSERT INTO heap VALUES ({n % 9}, 'twin'), ({n % 9}, 'twin')")
        cursor.execute(f"UPDATE heap SET note = 'changed' WHERE v = {n % 13} LIMIT 1")
        cursor.execute(f"DELETE FROM heap WHERE v = {n % 17} LIMIT 1")
        cursor.execute("COMMIT")

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                while not self.over.wait(0.02):  # a pace, not a condition
                    self.step(cursor, self.done)
                    self.done += 1
        except Exception as problem:  # told by stop()
            self.problem = problem

    def stop(self):
        self.over.set()
        self.thread.join()
        self.connection.close()
        check(not self.problem, f"the writer: {self.problem!r}")
        return self.done

    discard = stop


class Trial:
    """Both schemas made anew, a run of a name of its own, and everything that is asked of it."""

    def __init__(self, scene, source, target, number, schema):
        self.scene, self.source, self.target, self.name, self.schema = scene, source, target, f"f{number}", schema
        self.churn, self.deaths, self.is_hasty = None, 0, number % 2 == 1
        self.asked, self.since = None, None  # of the copy anew: at how many deaths, and from which place
        target.query(f"DROP DATABASE IF EXISTS {schema}")
        connection = connect(source.port)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
            cursor.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute(f"USE {schema}")
            for table, columns in TABLES.items():
                cursor.execute(f"CREATE TABLE {table} ({columns}) ENGINE=InnoDB")
                rows = {"keyed": KEYED_ROWS, "heap": KEYLESS_ROWS}.get(table, 3)
                last = f", '{'n' * 150}'" if table == "keyed" else ", 'same'" if table == "heap" else ""
                first = (lambda n: f"{n % 7}") if table == "heap" else (lambda n: f"{n}, {n % 10}")
                cursor.execute(f"INSERT INTO {table} VALUES " + ",".join(f"({first(n)}{last})" for n in range(rows)))
        connection.close()
        self.engine = scene.engine(source, target, name=self.name, limits={"chunk": "64KiB"},
                                   allow={"include": [f"{schema}.*"]})
        self.engine.program = PROGRAM

    def ledger(self, column, table, key):
        rows = self.target.query(f"SELECT {column} FROM tidegate_meta.{table} WHERE {key} = '{self.name}'")
        return rows[0][0] if rows else ""

    def start(self, *fail, log=None):
        """Starts the engine; it dies at the fail points named, one for each start."""
        self.fails = list(fail)
        self.log = log
        self.start_next()

    def start_next(self):
        env = {"TIDEGATE_FAIL": self.fails.pop(0)} if self.fails else {}
        self.is_to_die = bool(env)
        if self.log:
            env["TIDEGATE_FAIL_LOG"] = str(self.log)
        self.engine.start(env=env)

    def until(self, reached, what):
        """Waits for a condition at the target, and starts an engine that has died as it was to die again."""
        def either():
            if not self.engine.alive():
                equal(self.engine.process.poll(), -signal.SIGKILL, f"how the engine ended, waiting for {what}")
                check(self.is_to_die, f"killed by somebody else, waiting for {what}")
                self.deaths += 1
                self.start_next()
            return reached()
        try:
            wait_for(either, 90, what, pause=0.02)
        except TimeoutError as late:
            raise AssertionError(f"{late}; status: {str(self.engine.status())[:1500]}") from late

    def is_in_sync(self):
        try:
            return self.ledger("state", "run", "name") == "in-sync"
        except Exception as problem:  # the first start has not made the ledger yet
            if "1146" in str(problem) or "1049" in str(problem):
                return False
            raise

    def is_at(self, place):
        file, offset = (self.ledger("mark_pos", "source", "run") or ":").rsplit(":", 1)
        return bool(file) and order((file, offset)) >= order(place)

    def is_redone(self):
        """Whether `keyed` was copied anew since that was asked: its chunks in the ledger, all read at or after that place, leave no
        hole. Without this the engine is ended, and the rows are compared, in the middle of a copy."""
        chunks = self.target.query("SELECT c.lo, c.hi, c.at_pos FROM tidegate_meta.chunk c JOIN tidegate_meta.tab t USING (run, table_id) "
                                   f"WHERE run = '{self.name}' AND t.source_name = 'keyed' ORDER BY c.chunk_no")
        bounds = [None] + [hi for _, hi, _ in chunks]
        return (bool(chunks) and bounds[-1] is None and [lo for lo, _, _ in chunks] == bounds[:-1] and
                all(order(at.rsplit(":", 1)) >= order(self.since) for _, _, at in chunks))

    def is_known(self):
        """Whether the ledger knows that `keyed` is to be copied anew, or was from that place on."""
        noted = self.ledger("COUNT(*)", "note", "kind = 'anew' AND run")
        places = self.target.query("SELECT c.at_pos FROM tidegate_meta.chunk c JOIN tidegate_meta.tab t USING (run, table_id) "
                                   f"WHERE run = '{self.name}' AND t.source_name = 'keyed'")
        return bool(noted) or all(order(at.rsplit(":", 1)) >= order(self.since) for (at,) in places)

    def is_asked(self):
        """Has `keyed` copied anew. What an engine was asked before it died it may have forgotten: only then the next is asked,
        for another copy would hide what this one has lost."""
        if self.asked != self.deaths and not (self.since and self.is_known()):
            place = position(self.source)
            answer = self.engine.ask("redo", {"table": f"{self.schema}.keyed"})
            if not answer or not answer["ok"]:
                return False
            self.since = place
        self.asked = self.deaths
        return True

    def go(self):
        """The whole way: copied and in sync under the writer, a table once more, then the changes of shape, then everything
        applied."""
        self.churn = self.scene.add(Churn(self.source.port, self.schema))
        self.until(self.is_in_sync, "the copy")
        self.until(lambda: self.is_asked() and (self.is_hasty or (self.is_redone() and self.is_in_sync())), "the table copied anew")
        connection = connect(self.source.port, database=self.schema)
        with connection.cursor() as cursor:
            for statement in [*TAKEN, *SHAPES] if self.is_hasty else [*SHAPES, *TAKEN]:
                cursor.execute(statement)
        connection.close()
        check(self.churn.stop() > 0, "nobody wrote")
        self.scene.things.remove(self.churn)
        place = position(self.source)
        self.until(lambda: self.is_asked() and self.is_at(place) and self.is_redone(), f"{place} at the target, the table copied anew")

    def end(self):
        self.engine.kill()
        tables, rows = same(self.scene, self.source, self.target, self.schema, note=False)
        check(tables == 10 and rows > KEYED_ROWS, f"{tables} tables, {rows} rows")

    def discard(self):
        self.engine.kill()
        if self.churn in self.scene.things:
            self.scene.things.remove(self.churn)
            self.churn.stop()


def points_of(log):
    """{point: how often it was passed}."""
    return collections.Counter(log.read_text().split())


class Trials:
    """Several at a time, each in a schema of its own: what others do in the binlog is passed over on the way."""

    def __init__(self, scene, kind):
        self.scene, self.numbers, self.schemas = scene, itertools.count(1), queue.SimpleQueue()
        self.source, self.target = scene.source(kind), scene.target("any")
        self.began, self.done, self.missed, self.failed = time.monotonic(), 0, [], []
        for number in range(AT_ONCE):
            self.schemas.put(f"{SCHEMA}_{number}")

    @contextlib.contextmanager
    def trial(self):
        schema = self.schemas.get()
        trial = Trial(self.scene, self.source, self.target, next(self.numbers), schema)
        try:
            yield trial
        finally:
            trial.discard()
            self.schemas.put(schema)

    def reference(self, *before):
        """What points the last of these starts passes."""
        with self.trial() as trial:
            log = self.scene.logs / f"points-{trial.name}"
            if before:
                trial.start(*before)
                wait_for(lambda: not trial.engine.alive(), 60, f"the death at {before[0]}")
            trial.start(log=log)
            trial.go()
            trial.end()
        found = points_of(log)
        check(found, f"{PROGRAM} passes no fail point: was it built with TG_FAIL_POINTS?")
        return found

    def die(self, title, *fails):
        """One trial; what went wrong is kept, the next one goes on."""
        try:
            with self.trial() as trial:
                trial.start(*fails)
                trial.go()
                if trial.deaths < len(fails):
                    self.missed.append(title)
                trial.end()
        except Exception as problem:  # one line of many; finish() fails the case
            self.failed.append(f"{title} (run {trial.name}): {problem}")
            self.scene.note(f"FAILED {self.failed[-1]}")
        self.done += 1

    def finish(self, points):
        self.scene.note(f"{len(points)} points: {' '.join(sorted(points))}")
        self.scene.note(f"{self.done} trials in {time.monotonic() - self.began:.0f} s, {len(self.missed)} of them without the wanted "
                        f"death: {', '.join(self.missed) or 'none'}")
        check(not self.failed, f"{len(self.failed)} trials failed:\n" + "\n".join(self.failed))


def times(point, count):
    """Which passings of a point are tried."""
    if not OPTIONS.long:
        return [1]
    if point.startswith("ddl_"):
        return list(range(1, count + 1))
    return sorted({1, max(1, count // 2)})


def try_all(scene, kind):
    trials = Trials(scene, kind)
    fresh, again = trials.reference(), trials.reference(CUT)
    plan = []
    for point, count in sorted(fresh.items()):
        plan += [(f"fresh {point}:{number}", f"{point}:{number}") for number in times(point, count)]
        if OPTIONS.long:
            plan.append((f"fresh {point}, twice", f"{point}:1", f"{point}:1"))
    for point, count in sorted(again.items()):
        if OPTIONS.long or point not in fresh:
            plan += [(f"again {point}:{number}", CUT, f"{point}:{number}") for number in times(point, count)]
    random.Random(OPTIONS.seed).shuffle(plan)  # what is cut short has tried some of everything
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda trial: trials.die(*trial), plan))
    trials.finish(set(fresh) | set(again))
    surely = [title for title in trials.missed if title.endswith(":1")]
    check(not surely, f"nobody died at {surely}")


@case()
def test_release_has_none(_scene: Scene):
    """What people run can't be told to die."""
    check(b"TIDEGATE_FAIL" in PROGRAM.read_bytes(), f"{PROGRAM} has no fail points")
    check(b"TIDEGATE_FAIL" not in TIDEGATE.read_bytes(), f"{TIDEGATE} has fail points")


@case(for_each=[("mysql97-gtid", "mysql97-gtid")])
def test_every_point(scene: Scene, kind):
    try_all(scene, kind)


@case(for_each=[("mariadb", "mariadb"), ("mysql56", "mysql56")], long_only=True)
def test_every_point_of(scene: Scene, kind):
    try_all(scene, kind)


if __name__ == "__main__":
    main()
