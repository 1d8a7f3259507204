#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wizard in a terminal, by keys alone: from an empty screen to a run that follows, with the mistakes people make.

Keys are counted, typed values are not. The terminal is pyte's; a key waits for what the person would have seen before it.
"""

import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path

import pymysql
from harness import EXIT, Scene, case, check, equal, main, position, same, tidegate  # noqa: I001  (sets the path)
from terminal import DEADLINE, Person

BIG = 120_000  # rows of a table that takes seconds to copy
MOST_KEYS = 60
SECRET = "pa55-w0rd-Xyz"


class Writer(threading.Thread):
    """An application at the source: small transactions of every kind until it is told to stop."""

    def __init__(self, scene, source):
        super().__init__()
        self.source, self.done, self.transactions, self.failed = source, threading.Event(), 0, None
        scene.add(self)
        self.start()

    def run(self):
        try:
            for number in range(1, 1 << 30):  # each in a connection of its own: one that is older than the cure would stop the run
                with contextlib.closing(self.source.connect()) as connection, connection.cursor() as cursor:
                    cursor.execute("INSERT INTO tg_it.a VALUES (%s, %s)", (1000 + number, f"line {number}"))
                    cursor.execute("UPDATE tg_it.a SET t = CONCAT(t, '.') WHERE id = %s", (1000 + number // 2,))
                    cursor.execute("UPDATE tg_it.big SET n = n + 1 WHERE id IN (%s, %s)", (number * 7919 % BIG, number * 104729 % BIG))
                    cursor.execute("DELETE FROM tg_it.a WHERE id = %s", (1000 + number // 3,))
                    connection.commit()
                self.transactions = number
                if self.done.wait(0.01):
                    return
        except pymysql.err.Error as problem:
            self.failed = problem

    def ends(self):
        self.done.set()
        self.join()
        check(not self.failed, f"the application: {self.failed}")
        return self.transactions

    def discard(self):
        self.done.set()
        self.join()


def make(scene, rows=0):
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    source.query(f"CREATE USER tg IDENTIFIED BY '{SECRET}'")
    source.query("GRANT SELECT, PROCESS, RELOAD, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE, SHOW VIEW, EVENT, TRIGGER ON *.* TO tg")
    source.query("SET GLOBAL binlog_row_image = 'MINIMAL'")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(400))")
    source.query("INSERT INTO tg_it.a VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    if rows:
        source.query("CREATE TABLE tg_it.big (id INT PRIMARY KEY, n INT NOT NULL, t VARCHAR(400))")
        source.query(f"INSERT INTO tg_it.big WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i + 1 < {rows}) "
                     "SELECT /*+ SET_VAR(cte_max_recursion_depth = 10000000) */ i, 0, REPEAT(SHA2(i, 256), 5) FROM c")
    return source, target


def answer_source(person, port):
    person.press("Tab")
    person.types("db.invalid")  # wrong first
    person.press("Tab", "Clear")
    person.types(str(port))
    person.press("Tab")
    person.types("tg")
    person.press("Tab")
    person.types(SECRET)
    person.press("Test")
    person.sees("✗ db.invalid")
    person.press("Back", "Back", "Back", "Clear")
    person.types("127.0.0.1")
    person.press("Test")
    person.sees("✓ reached in", "in 1 schema, about")


def answer_target(person, port):
    person.press("Tab")
    person.types("127.0.0.1")
    person.press("Tab", "Clear")
    person.types(str(port))
    person.press("Tab")
    person.types("root")
    person.press("Test")
    person.sees("✓ reached in", "may create, write and index tables")


def cure(person):
    """The failing check, from its dialog, by another user's hand."""
    person.sees("1 fail", "Binlog row image")
    person.press("Enter")
    person.sees("SET GLOBAL binlog_row_image")
    person.reads()
    person.press("Tab")
    person.types("root")
    person.press("Tab", "Tab", "Enter")
    person.sees("0 fail")


def next_page(person, title):
    person.press("Back", "Enter")
    person.sees(title)


def stop(scene, name):
    done = tidegate("stop", name, "--run-dir", scene.home / "runs")
    equal(done.returncode, EXIT["fine"], f"exit code of stop, which said {done.stdout}")


def to_review(person, source, target, is_cured=False):
    """Start to Review, with the mistakes unless the source is in order already."""
    person.sees("New migration", "Nothing is written to any database")
    person.press("Enter")
    person.sees("Where is the data now?")
    answer_source(person, source.port)
    person.press("Back", "Back", "Enter")  # over Kind to Next
    person.sees("How do we get from here to the source?")
    next_page(person, "Where should the data go?")
    answer_target(person, target.port)
    person.press("Back", "Back", "Back")
    next_page(person, "▸Scope")
    next_page(person, "▸Route")
    next_page(person, "▸Checks")
    if is_cured:
        person.sees("0 fail")
    else:
        cure(person)
    next_page(person, "▸Review")


def secret_is_nowhere(scene, name):
    """Neither what the process list shows of the engine nor what it would hand on to a child holds the password."""
    pid = int((scene.home / "runs" / name / "pid").read_text().split()[0])
    for file in ("cmdline", "environ"):
        text = Path(f"/proc/{pid}/{file}").read_bytes()
        check(file == "environ" or b"tidegate" in text, f"the engine {pid} is not there: {text}")
        check(SECRET.encode() not in text, f"the password is in {file} of the engine")


def verify(person):
    """Compares by the dashboard's key; answers the verdict and its position as the screen says them."""
    person.press("v")
    person.until(lambda: re.search(r"(PASS|FAIL)\S* .*at \S+:\d+", person.text()), "a verdict with its position")
    said = []
    while len(said) < 2 or said[-1] != said[-2]:  # not half a line
        person.reads()
        said.append(re.search(r"(✓|✗) (.*) at (\S+):(\d+) ", person.text()).groups())
    return said[-1]


@case()
def test_start_to_pass(scene: Scene):
    """A wrong endpoint, a failing check cured from the dialog, a start, a detach while it copies, a return, a verified PASS:
    within sixty keys, while an application writes at the source."""
    source, target = make(scene, BIG)
    writer = Writer(scene, source)
    person = Person(scene)
    to_review(person, source, target)
    person.press("Back", "Enter")
    person.sees("Not yet")
    person.reads()
    person.press("Down", "Enter")
    person.sees("COPYING", "migration")
    person.press("d")
    equal(person.leaves(), EXIT["fine"], "exit code of the detach")
    person.sees("migration  copying", "The run goes on without this", "log     ", "return  tidegate attach migration")
    person.enters("tidegate attach")
    person.sees("IN-SYNC")
    check(writer.ends() > 20, f"the application made {writer.transactions} transactions only")
    secret_is_nowhere(scene, "migration")
    equal(verify(person), ("✓", "PASS", *map(str, position(source))), "verdict and position on the screen")
    person.press("q")
    person.sees("Leave this window?")
    person.reads()
    person.press("Enter")
    equal(person.leaves(), EXIT["fine"], "exit code of the second window")
    person.sees("migration  in-sync  PASS", "return  tidegate attach migration")
    scene.note(f"{person.keys} keys beside typed values; {writer.transactions} transactions of the application")
    check(person.keys <= MOST_KEYS, f"{person.keys} keys, at most {MOST_KEYS}")
    same(scene, source, target)
    run = scene.home / "runs/migration"
    check("binlog_row_image" in (run / "cures.json").read_text(), "the cure was not recorded")
    check(not (scene.home / "runs/.draft.yaml").exists(), "the draft outlived the start")
    stop(scene, "migration")
    shown = [path for path in scene.home.rglob("*") if path.is_file() and SECRET in path.read_text(errors="replace")]
    equal(shown, [], "files that show the password")


def headless(scene, source, target, name, files, *more):
    """The saved files as they are, with another target and another name, and the password from the environment."""
    engine = scene.engine(source, target, name=name)
    engine.files = files
    return engine.start("--name", name, "--set", f"target.port={target.port}", *more, env={"TG_SOURCE_PASSWORD": SECRET})


@case()
def test_saved_runs_headless(scene: Scene):
    """The job that was saved and the DM files that were written, without the wizard, at fresh targets, do what the wizard's own run does."""
    source, target = make(scene)
    source.query("SET GLOBAL binlog_row_image = 'FULL'")
    second, third = scene.target("any"), scene.target("any")
    person = Person(scene)
    to_review(person, source, target, is_cured=True)
    person.press("Save")
    person.sees("Save the job", "Passwords are written as references")
    person.reads()
    person.types("kept.yaml")
    person.press("Enter", "Enter")
    person.sees("saved as kept.yaml")
    person.press("Save")
    person.reads()
    person.press("Tab", "Tab", "Tab", "Enter")
    person.sees("Write DM's files")
    person.reads()
    person.press("Enter", "Enter")
    person.sees("Written into", "task.yaml")
    person.reads()
    person.press("Esc", "Back", "Enter")
    person.sees("Not yet")
    person.reads()
    person.press("Down", "Enter")
    person.sees("IN-SYNC")
    person.press("d")
    person.leaves()
    written = {path.name: path.read_text() for path in [scene.home / "kept.yaml", *(scene.home / "migration-dm").iterdir()]}
    equal(sorted(written), ["kept.yaml", "source.yaml", "task.yaml"], "files that were written")
    equal([name for name, text in written.items() if SECRET in text], [], "files that show the password")
    check('password: "${env:TG_SOURCE_PASSWORD}"' in written["kept.yaml"], f"no reference in\n{written['kept.yaml']}")
    dm = [scene.home / "migration-dm" / name for name in ("task.yaml", "source.yaml")]
    runs = [headless(scene, source, second, "again", [scene.home / "kept.yaml"]),
            headless(scene, source, third, "of-dm", dm, "--set", "source.password=${env:TG_SOURCE_PASSWORD}")]
    for run in runs:
        run.until_state("in-sync")
    for statement in ("INSERT INTO tg_it.a VALUES (4, 'for all three')", "UPDATE tg_it.a SET t = 'changed' WHERE id = 1", "DELETE FROM tg_it.a WHERE id = 2"):
        source.query(statement)
    for run in runs:
        run.until_applied(position(source))
        run.stop()
    person.enters("tidegate attach")
    person.sees("IN-SYNC")
    equal(verify(person)[:2], ("✓", "PASS"), "verdict of the wizard's own run")
    person.press("d")
    person.leaves()
    stop(scene, "migration")
    for one in (target, second, third):
        equal(same(scene, source, one, note=False), (1, 3), f"tables and rows at {one.name}")


@case()
def test_windows_die(scene: Scene):
    """Windows on a run that works end by every signal: the shell is usable, the run is unharmed."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(400))")
    source.query("CREATE TABLE tg_it.big (id INT PRIMARY KEY, n INT NOT NULL)")
    writer, engine = Writer(scene, source), scene.engine(source, target, name="steady").start()
    engine.until_state("in-sync")
    person = Person(scene, "attach")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV, signal.SIGKILL, None):
        person.sees("steady   IN-SYNC")
        if number is None:
            person.press("d")
        else:
            os.kill(person.child(), number)
        code = person.leaves(is_killed=number == signal.SIGKILL)
        equal(code, 128 + number if number else 0, f"exit code of a window that ended by {number}")
        person.enters("clear; stty -a | tr ' ' '\\n' | grep -cxE 'icanon|echo|isig|icrnl|opost'")
        person.until(lambda: re.search(r"^5 *$", person.text(), re.M), "the terminal's own modes")
        check(engine.alive(), "the run ended with its window")
        if number is not None:
            person.enters("tidegate attach")
    check(not person.screen.kept, "the other screen is still shown")
    check(writer.ends() > 20, f"the application made {writer.transactions} transactions only")
    engine.until_applied(position(source))
    same(scene, source, target)
    engine.stop()


@case()
def test_keys_while_both_are_gone(scene: Scene):
    """Both databases are silent behind a proxy: the dashboard answers every key at once, and says what is wrong; then all goes on."""
    source, target = scene.source(), scene.target("any")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(40))")
    proxies = scene.proxy(source), scene.proxy(target)
    engine = scene.engine(*proxies).start()
    engine.until_state("in-sync")
    person = Person(scene, "attach")
    person.sees("it   IN-SYNC")
    for proxy in proxies:
        proxy.blackhole()
    source.query("INSERT INTO tg_it.a VALUES (1, 'while nobody answers')")
    took = sorted(person.answer_ms(key) for _ in range(10) for key in "123456")
    took += sorted(person.answer_ms(key) for _ in range(5) for key in ("4", "z", "z", "6", "z", "z"))
    took.sort()
    scene.note(f"a key while both are gone: median {took[len(took) // 2]:.1f} ms, 9 of 10 under {took[len(took) * 9 // 10]:.1f}, slowest {took[-1]:.1f}")
    check(took[len(took) // 2] <= 50, f"half of the keys took more than {took[len(took) // 2]:.0f} ms")
    check(not target.query("SELECT 1 FROM tg_it.a"), "the row came through a hole")
    for proxy in proxies:
        proxy.blackhole(False)
        proxy.cut()
    engine.until_applied(position(source))
    person.press("d")
    equal(person.leaves(), EXIT["fine"], "exit code of the window")
    same(scene, source, target)
    engine.stop()


@case()
def test_killed_window(scene: Scene):
    """kill -9 loses no answer of the pages that were left; the next window offers them; secrets are in no file."""
    source, _ = make(scene)
    person = Person(scene)
    person.sees("New migration")
    person.press("Enter")
    person.sees("Where is the data now?")
    person.press("Tab")
    person.types("127.0.0.1")
    person.press("Tab", "Clear")
    person.types(str(source.port))
    person.press("Tab")
    person.types("tg")
    person.press("Tab")
    person.types(SECRET)
    person.press("Tab", "Back", "Back", "Back", "Back", "Back")
    next_page(person, "How do we get from here to the source?")
    draft = scene.home / "runs/.draft.yaml"
    deadline = time.monotonic() + DEADLINE
    while not draft.exists() or "page 2" not in draft.read_text():
        check(time.monotonic() < deadline and person.pump(0.1), "no draft was written")
    os.kill(person.child(), signal.SIGKILL)
    equal(draft.stat().st_mode & 0o777, 0o600, "mode of the draft")
    check(SECRET not in draft.read_text(), "the password is in the draft")
    again = Person(scene)
    again.sees("Carry on", "page Path")
    again.press("Enter")
    again.sees("How do we get from here to the source?", f"127.0.0.1:{source.port}")
    again.press("Save")
    again.sees("Save the job")
    again.reads()
    again.types("kept.yaml")
    again.press("Enter", "Enter")
    again.sees("saved as kept.yaml")
    check(not draft.exists(), "the draft outlived the save")
    check("${env:TG_SOURCE_PASSWORD}" in (scene.home / "kept.yaml").read_text(), "no reference was saved")


if __name__ == "__main__":
    main()
