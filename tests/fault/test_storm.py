#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Changes, DDL and wishes at random, and an engine that dies at random: whatever the order, no row is lost, doubled or altered.

A writer changes rows of all tables, in small and large transactions, and tables themselves: TRUNCATE, DROP and CREATE,
RENAME, swaps, new columns. Somebody has tables copied anew, and one left out. The engine is killed at a moment or at a
fail point (src/base/fail.h), and the next one is started; what moves the ledger's mark is slowed down, so that a start
finds much that is applied behind it. A wish is made once, and never again after a death: another copy would hide what
the first one has lost. At the end both ends are compared. The seed is printed and decides everything but the timing.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from compare import End, compare  # noqa: E402
from harness import OPTIONS, ROOT, Scene, case, check, equal, main, order, position, wait_for  # noqa: E402
from workload import SCHEMA, connect  # noqa: E402

PROGRAM = Path(os.environ.get("TIDEGATE_WITH_FAIL_POINTS") or ROOT / "build/asan/tidegate")
SECONDS_SHORT, SECONDS_LONG = 22, 240
KEYED, HEAPS, LEFT = ("k0", "k1", "k2", "k3", "k4"), ("h0", "h1"), "gone"
ROWS = 1200
COLUMNS = "id INT NOT NULL PRIMARY KEY, v INT NOT NULL, note VARCHAR(200) NOT NULL"
BEHIND = 12 << 20
SPARE = 1 << 20  # ids from here on are of rows that come later


class Storm:
    """The writer: one connection, everything by one generator. What it says it did is the tables' only model: the names."""

    def __init__(self, source, seed):
        self.source, self.random = source, random.Random(seed)
        self.over, self.problem, self.done, self.is_held = threading.Event(), None, {}, False
        self.next_id, self.names, self.may_shape, self.spare_name = SPARE, list(KEYED), False, 0
        connection = connect(source.port)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute(f"USE {SCHEMA}")
            for table in (*KEYED, LEFT):
                self.create(cursor, table)
                self.fill(cursor, table, ROWS)
            for table in HEAPS:
                cursor.execute(f"CREATE TABLE {table} (v INT NOT NULL, note VARCHAR(20)) ENGINE=InnoDB")
                cursor.execute(f"INSERT INTO {table} VALUES " + ",".join(f"({n % 7},'same')" for n in range(60)))
        connection.close()
        self.thread = threading.Thread(target=self.run)

    def create(self, cursor, table):
        cursor.execute(f"CREATE TABLE {table} ({COLUMNS}) ENGINE=InnoDB")

    def fill(self, cursor, table, rows):
        first, self.next_id = self.next_id, self.next_id + rows
        cursor.execute(f"INSERT INTO {table} (id,v,note) VALUES " +
                       ",".join(f"({n},{n % 10},'{table} {'n' * 150}')" for n in range(first, first + rows)))

    def keyed(self):
        return self.random.choice([*self.names, LEFT])

    # ---- rows

    def change(self, cursor):
        table, pick = self.keyed(), self.random.randrange(997)
        action = self.random.randrange(5)
        if action == 0:
            self.fill(cursor, table, self.random.randrange(1, 4))
        elif action == 1:
            cursor.execute(f"UPDATE {table} SET v = v + 1000 WHERE id % 997 IN ({pick}, {(pick + 1) % 997})")
        elif action == 2:
            cursor.execute(f"DELETE FROM {table} WHERE id % 997 = {pick} LIMIT 2")
        elif action == 3:  # another key for the same row
            self.next_id += 1
            cursor.execute(f"UPDATE {table} SET id = {self.next_id - 1} WHERE id % 997 = {pick} ORDER BY id LIMIT 1")
        else:
            heap = self.random.choice(HEAPS)
            cursor.execute(self.random.choice((f"INSERT INTO {heap} VALUES ({pick % 9},'twin'),({pick % 9},'twin')",
                                               f"UPDATE {heap} SET note = 'changed' WHERE v = {pick % 9} LIMIT 1",
                                               f"DELETE FROM {heap} WHERE v = {pick % 9} LIMIT 1")))

    def small(self, cursor):
        cursor.execute("BEGIN")
        for _ in range(self.random.randrange(1, 6)):
            self.change(cursor)
        cursor.execute(self.random.choice(("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")))

    def large(self, cursor):
        """More than fits into one batch, and now and then more than fits into memory: applied in parts."""
        tables = self.random.sample(self.names, 2)
        cursor.execute("BEGIN")
        for _ in range(self.random.choice((1, 1, 2))):
            for table in tables:
                cursor.execute(f"UPDATE {table} SET v = v + 1")
                self.fill(cursor, table, 50)
        self.change(cursor)
        cursor.execute("COMMIT")

    # ---- tables

    def truncate(self, cursor):
        table = self.random.choice([*self.names, *HEAPS])
        cursor.execute(f"TRUNCATE TABLE {table}")
        if table not in HEAPS:
            self.fill(cursor, table, self.random.randrange(1, 600))

    def swap(self, cursor):
        a, b = self.random.sample(self.names, 2)
        cursor.execute(f"RENAME TABLE {a} TO between_, {b} TO {a}, between_ TO {b}")

    def rename(self, cursor):
        self.spare_name += 1
        place = self.random.randrange(len(self.names))
        was, self.names[place] = self.names[place], f"n{self.spare_name}"
        cursor.execute(f"RENAME TABLE {was} TO {self.names[place]}")

    def again(self, cursor):
        table = self.random.choice(self.names)
        cursor.execute(f"DROP TABLE {table}")
        self.create(cursor, table)
        self.fill(cursor, table, self.random.randrange(1, 600))

    def widen(self, cursor):
        table = self.random.choice(self.names)
        cursor.execute(f"SHOW COLUMNS FROM {table} LIKE 'added'")
        cursor.execute(f"ALTER TABLE {table} DROP COLUMN added" if cursor.fetchone() else
                       f"ALTER TABLE {table} ADD COLUMN added INT NOT NULL DEFAULT {self.random.randrange(99)}")

    def run(self):
        try:
            connection = connect(self.source.port, database=SCHEMA)
            with connection.cursor() as cursor:
                while not self.over.wait(self.random.choice((0, 0.01, 0.05))):  # a pace, not a condition
                    if self.is_held:
                        continue
                    shapes = (self.truncate, self.swap, self.swap, self.rename, self.again, self.widen)
                    luck = self.random.random()
                    step = (self.random.choice(shapes) if self.may_shape and luck < 0.1 else
                            self.large if luck < 0.12 else self.small)
                    step(cursor)
                    self.done[step.__name__] = self.done.get(step.__name__, 0) + 1
            connection.close()
        except Exception as problem:  # told by stop()
            self.problem = problem

    def stop(self):
        self.over.set()
        self.thread.join()
        check(not self.problem, f"the writer: {self.problem!r}")

    def discard(self):
        self.over.set()
        if self.thread.is_alive():
            self.thread.join()


class Lives:
    """The engine over all its deaths."""

    def __init__(self, scene, engine, target, seed):
        self.scene, self.engine, self.target, self.random = scene, engine, target, random.Random(seed)
        self.points, self.deaths, self.log = [], [], scene.logs / "points"

    def start(self, may_die=True):
        """At a point that some engine has passed, after a while, or both."""
        env = {"TIDEGATE_FAIL_LOG": str(self.log)}
        self.points = sorted(set(self.log.read_text().split())) if self.log.exists() else []
        self.fail = ""
        if may_die and self.points and self.random.random() < 0.7:
            point = self.random.choice(self.points)
            self.fail = env["TIDEGATE_FAIL"] = f"{point}:{self.random.choice((1, 1, 2, 5))}"
        patience = 8 if self.fail else self.random.choice((0.5, 2, 4)) + self.random.expovariate(0.5)
        self.ends = time.monotonic() + patience if may_die else None
        self.engine.start(env=env)

    def look(self):
        """Once in a while: kills it when its time is over, and starts the next one."""
        if self.ends and self.engine.alive() and time.monotonic() > self.ends:
            self.fail = ""
            self.engine.kill()
        if not self.engine.alive():
            code = self.engine.process.poll()
            check(code == -signal.SIGKILL, f"the engine ended by itself with exit code {code}: {self.engine.text()[-1500:]}")
            self.deaths.append(self.fail or "killed")
            self.start()

    def ledger(self, sql):
        try:
            return self.target.query(sql)
        except Exception as problem:  # the first start has not made the ledger yet
            if "1146" in str(problem) or "1049" in str(problem):
                return ()
            raise

    def is_whole(self):
        """Nothing is to be copied any more: no note, in sync."""
        return (self.ledger("SELECT state FROM tidegate_meta.run") == (("in-sync",),) and
                not self.ledger("SELECT 1 FROM tidegate_meta.note WHERE kind = 'anew'"))

    def is_behind(self, place):
        """Further than the stream should be, on a machine as slow as it may be."""
        rows = self.ledger("SELECT mark_pos FROM tidegate_meta.source")
        file, offset = order(rows[0][0].rsplit(":", 1)) if rows and rows[0][0] else (0, 0)
        return (file, offset + BEHIND) < order(place)

    def is_at(self, place):
        rows = self.ledger("SELECT mark_pos FROM tidegate_meta.source")
        return bool(rows and rows[0][0]) and order(rows[0][0].rsplit(":", 1)) >= order(place)


def storm(scene, kind, seconds, seed):
    source, target = scene.source(kind), scene.target("any")
    behind = scene.proxy(target)
    writer = scene.add(Storm(source, seed))
    engine = scene.engine(source, behind, limits={"chunk": "64KiB", "memory": "16MiB"})
    engine.program = PROGRAM
    lives, choice = Lives(scene, engine, target, seed + 1), random.Random(seed + 2)
    behind.slow(choice.choice((200, 1500, 4000)), match="mark_pos")
    wishes, has_left = 0, False
    lives.start(may_die=False)
    writer.thread.start()

    def turn():
        lives.look()
        writer.is_held = lives.is_behind(position(source))
        check(writer.thread.is_alive(), f"the writer: {writer.problem!r}")
        return lives.is_whole()
    wait_for(turn, 90, "the first copy", pause=0.1)
    writer.may_shape = True
    lives.ends = time.monotonic() + 1
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        turn()
        if choice.random() < 0.15:
            answer = engine.ask("redo", {"table": f"{SCHEMA}.{choice.choice(writer.names)}"})
            wishes += bool(answer and answer["ok"])
        elif not has_left and choice.random() < 0.01:
            answer = engine.ask("leave-out", {"table": f"{SCHEMA}.{LEFT}"})
            has_left = bool(answer and answer["ok"])
        time.sleep(0.1)  # a pace, not a condition
    writer.stop()
    behind.clear()
    # what the last engine was asked and has not begun ends with it: else it would begin while both ends are compared
    engine.kill()
    lives.start(may_die=False)
    place = position(source)

    def is_over():
        check(engine.alive(), f"the last engine ended: {engine.text()[-1500:]}")
        return lives.is_at(place) and (engine.status() or {}).get("state") == "in-sync"
    try:
        wait_for(is_over, 120, f"{place} at the target", pause=0.1)
    except TimeoutError as late:
        raise AssertionError(f"{late}; status: {str(engine.status())[:1500]}") from late
    finally:
        scene.note(f"seed {seed}: {len(lives.deaths)} deaths ({' '.join(lives.deaths)}), {wishes} wishes, "
                   f"left out: {has_left}, {writer.done}")
    engine.kill()
    differences, tables, rows = compare(End(source.port, SCHEMA), End(target.port, SCHEMA))
    differences = [one for one in differences if one.table != LEFT or not has_left]
    check(not differences, "both ends differ:\n" + "\n".join(f"{one.table}: {one.text}" for one in differences))
    equal(tables, len(KEYED) + len(HEAPS) + 1, "tables")
    check(rows and lives.deaths and wishes, f"{rows} rows, {lives.deaths} deaths, {wishes} wishes")


@case(for_each=[("mariadb", "mariadb")])
def test_storm(scene: Scene, kind):
    storm(scene, kind, SECONDS_SHORT, OPTIONS.seed)


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file"), ("mysql56", "mysql56")],
      long_only=True)
def test_tempest(scene: Scene, kind):
    for number in range(3):
        storm(scene, kind, SECONDS_LONG, OPTIONS.seed + number)


if __name__ == "__main__":
    main()
