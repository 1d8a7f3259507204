#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wizard in a terminal, by keys alone: from an empty screen to a run that follows, with the mistakes people make.

Keys are counted, typed values are not. The terminal is pyte's; a key waits for what the person would have seen before it.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte
from harness import EXIT, TIDEGATE, Scene, case, check, equal, main, same  # noqa: I001  (sets the path)

ROWS, COLUMNS = 24, 80
DEADLINE = 60
MOST_KEYS = 60
READING = 0.4  # a box is deaf for 0.3 s after it has opened: nobody reads faster
SECRET = "pa55-w0rd-Xyz"
KEYS = {"Enter": "\r", "Tab": "\t", "Back": "\x1b[Z", "Esc": "\x1b", "Down": "\x1bOB", "Clear": "\x15", "Test": "\x14",
        "Save": "\x13"}


class Terminal(pyte.Screen):
    """Answers the question for the cursor's place, as a terminal does."""

    def write_process_input(self, data):
        os.write(self.line, data.encode())


class Person:
    def __init__(self, scene, *arguments):
        self.keys = 0
        self.line, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.screen = Terminal(COLUMNS, ROWS)
        self.screen.line = self.line
        self.stream = pyte.ByteStream(self.screen)
        env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TIDEGATE_HOME": str(scene.home / "runs")}
        self.process = subprocess.Popen([str(TIDEGATE), *arguments], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=scene.home, preexec_fn=os.setsid)
        os.close(slave)
        scene.add(self)

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def text(self):
        return "\n".join(self.screen.display)

    def pump(self, seconds):
        """false: the program has ended."""
        if not select.select([self.line], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.line, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def sees(self, *wanted):
        stop = time.monotonic() + DEADLINE
        while not all(one in self.text() for one in wanted):
            check(time.monotonic() < stop, f"{wanted} never came:\n{self.text()}")
            check(self.pump(0.2), f"it ended before {wanted}:\n{self.text()}")

    def reads(self):
        stop = time.monotonic() + READING
        while time.monotonic() < stop:
            self.pump(0.1)

    def press(self, *keys):
        for key in keys:
            self.keys += 1
            os.write(self.line, KEYS.get(key, key).encode())
            self.pump(0.05)

    def types(self, text):
        os.write(self.line, text.encode())
        self.pump(0.05)

    def ends(self):
        while self.pump(0.5):
            pass
        return self.process.wait(DEADLINE)


def make(scene):
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    source.query(f"CREATE USER tg IDENTIFIED BY '{SECRET}'")
    source.query("GRANT SELECT, PROCESS, RELOAD, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE, SHOW VIEW, EVENT, TRIGGER ON *.* TO tg")
    source.query("SET GLOBAL binlog_row_image = 'MINIMAL'")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(40))")
    source.query("INSERT INTO tg_it.a VALUES (1, 'one'), (2, 'two'), (3, 'three')")
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
    person.sees("✓ reached in", "may read every table, and the binlog")


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


@case()
def test_start_to_following(scene: Scene):
    """A wrong endpoint, a failing check cured from the dialog, a start, a detach and a return: within sixty keys."""
    source, target = make(scene)
    person = Person(scene)
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
    cure(person)
    next_page(person, "▸Review")
    person.press("Back", "Enter")
    person.sees("Not yet")
    person.reads()
    person.press("Down", "Enter")
    person.sees("IN-SYNC")
    person.press("d")
    equal(person.ends(), EXIT["fine"], "exit code of the detach")
    scene.note(f"{person.keys} keys beside typed values")
    check(person.keys <= MOST_KEYS, f"{person.keys} keys, at most {MOST_KEYS}")
    source.query("INSERT INTO tg_it.a VALUES (4, 'while nobody looked')")
    again = Person(scene, "attach")
    again.sees("IN-SYNC")
    again.press("d")
    equal(again.ends(), EXIT["fine"], "exit code of the second window")
    name = next((scene.home / "runs").glob("*/run.sock")).parent.name
    check("binlog_row_image" in (scene.home / "runs" / name / "cures.json").read_text(), "the cure was not recorded")
    check(not (scene.home / "runs/.draft.yaml").exists(), "the draft outlived the start")
    deadline = time.monotonic() + DEADLINE
    while not target.query("SELECT 1 FROM tg_it.a WHERE id = 4"):
        check(time.monotonic() < deadline, "the row that came later never arrived")
    subprocess.run([str(TIDEGATE), "stop", name], env={**os.environ, "TIDEGATE_HOME": str(scene.home / "runs")}, check=True, timeout=DEADLINE, stdout=subprocess.DEVNULL)
    same(scene, source, target)


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
    person.process.send_signal(signal.SIGKILL)
    person.process.wait()
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
