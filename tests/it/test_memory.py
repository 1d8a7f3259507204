#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The engine's peak memory stays under 256 MiB, however large or many the tables are: a million rows in the short
suite, 20 million rows and 5,000 empty tables in the long one. Seconds and peaks are printed."""

import concurrent.futures
import time

from harness import EXIT, Scene, case, check, equal, main, same, wait_for  # noqa: I001  (sets the path)
from workload import HELPER, SCHEMA, connect, numbers

LIMIT = 256 << 20
BLOCK = 100_000  # rows per INSERT
FILLERS = 2
HASTE = ["--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite"]
HASTE_97 = [*HASTE, "--innodb-redo-log-capacity=2G", "--innodb-buffer-pool-size=1G"]
EMPTY_TABLES = 5_000


def large(port, rows):
    """One table of small rows, filled by several connections and past the binlog."""
    with connect(port) as connection, connection.cursor() as cursor:
        for schema in (SCHEMA, HELPER):
            cursor.execute(f"CREATE DATABASE {schema}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.large (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, c CHAR(20) NOT NULL)"
                       " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        numbers(cursor, BLOCK)

    def fill(place):
        with connect(port) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0, unique_checks = 0")
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            for first in range(place * BLOCK, rows, BLOCK * FILLERS):
                cursor.execute(f"INSERT INTO {SCHEMA}.large SELECT n + {first}, CRC32(n + {first}) % 1000000, CONCAT('row ',n + {first})"
                               f" FROM {HELPER}.numbers WHERE n <= {min(BLOCK, rows - first)}")
    with concurrent.futures.ThreadPoolExecutor(FILLERS) as pool:
        list(pool.map(fill, range(FILLERS)))


def copied(scene, source, target, what, seconds):
    """Runs a full copy to its end; its peak is printed and held against the limit."""
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    peak, began, whole = 0, time.monotonic(), None

    def ended():
        nonlocal peak, whole
        if not engine.alive():
            return True
        try:
            peak = max(peak, engine.peak_memory())
        except OSError:  # it ended between the two questions
            return False
        if whole is None and "now verifying" in engine.text():
            whole = time.monotonic() - began
        return False
    wait_for(ended, seconds, "end of the run", pause=0.1)
    equal(engine.ended(), EXIT["fine"], "exit code")
    check(whole, "the engine has not compared anything")
    scene.note(f"{what}: copied in {whole:.1f} s, ended after {time.monotonic() - began:.1f} s, peak {peak / (1 << 20):.0f} MiB")
    check(0 < peak < LIMIT, f"VmHWM was {peak} bytes, the limit is {LIMIT}")


def large_table(scene, kind, options, rows, seconds):
    source, target = scene.source(kind, options), scene.target("any", judged=False)
    began = time.monotonic()
    large(source.port, rows)
    scene.note(f"{rows} rows filled in {time.monotonic() - began:.1f} s")
    copied(scene, source, target, f"{rows} rows", seconds)
    equal(same(scene, source, target), (1, rows), "tables and rows")


@case()
def test_large_table(scene: Scene):
    large_table(scene, "mariadb", HASTE, 1_000_000, 900)


@case(long_only=True)
def test_twenty_million_rows(scene: Scene):
    large_table(scene, "mysql97-gtid", HASTE_97, 20_000_000, 5400)


@case(long_only=True)
def test_empty_tables(scene: Scene):
    source, target = scene.source("mysql97-gtid", HASTE_97), scene.target("any", judged=False)
    with connect(source.port) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        for number in range(EMPTY_TABLES):
            cursor.execute(f"CREATE TABLE {SCHEMA}.t{number:05} (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(40), b DATETIME(3), KEY a (a))")
    copied(scene, source, target, f"{EMPTY_TABLES} empty tables", 5400)
    names = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{SCHEMA}' ORDER BY table_name"
    there = target.query(names)
    equal(len(there), EMPTY_TABLES, "tables at the target")
    equal(there, source.query(names), "names of the tables at the target")


if __name__ == "__main__":
    main()
