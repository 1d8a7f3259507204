#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The wizard in lines: what a screen reader, a pipe and a dumb terminal get.

Prompts are answered by page and label (a choice by a part of its words), everything else with Enter (the default), so a page may gain a field without this
test. A password that was typed on a terminal is seen nowhere, and no line holds an escape sequence.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pyte
from compare import End, compare_table
from harness import EXIT, TIDEGATE, Scene, case, check, equal, main, same, tidegate, wait_for  # noqa: I001  (sets the path)

DEADLINE = 60
READING = 0.4  # a box is deaf for 0.3 s after it has opened
PROMPT = re.compile(r"([^\n]*)[:：] \Z")
SECRET = "pa55-w0rd-Xyz"


class Person:
    """Reads what the wizard says and answers it; `says` is everything that was said."""

    def __init__(self, scene, *arguments, terminal=False, env=None):
        self.says, self.seen, self.page, self.choices = "", 0, "", []
        env = {**os.environ, "TERM": "dumb", "TIDEGATE_HOME": str(scene.home / "runs"), "LC_ALL": "C.UTF-8", "LANGUAGE": "", **(env or {})}
        command = [str(TIDEGATE), *map(str, arguments)]
        if terminal:
            self.out, slave = pty.openpty()
            self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True, cwd=scene.home)
            os.close(slave)
            self.into = self.out
        else:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, cwd=scene.home)
            self.out, self.into = self.process.stdout.fileno(), self.process.stdin.fileno()
        scene.add(self)

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def read(self, until):
        """Until `until(text)` is true, or the program has ended."""
        stop = time.monotonic() + DEADLINE
        while not until(self.says):
            check(time.monotonic() < stop, f"nothing more was said:\n{self.says[-2000:]}")
            if not select.select([self.out], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.out, 65536)
            except OSError:  # the terminal is gone: the program has ended
                data = b""
            if not data:
                return False
            self.says += data.decode(errors="replace").replace("\r\n", "\n")
        return True

    def prompt(self):
        """The next question (its page, its words); None: the program has ended."""
        if not self.read(lambda text: len(text) > self.seen and PROMPT.search(text)):
            return None
        fresh, self.seen = self.says[self.seen:], len(self.says)
        pages = re.findall(r"^Page \d+ of 8: (\w+)\.", fresh, re.M)
        self.page = pages[-1] if pages else self.page
        # a field that is a choice has its label two lines and more above the prompt
        lines = [line for line in fresh.split("\n") if line.strip()]
        self.choices = re.findall(r"^  (\d+)  (.*)", fresh, re.M)
        words = PROMPT.search(self.says).group(1)
        if words.startswith("Choose"):
            labels = [line for line in lines[:-1] if not re.match(r"\s+\d+  ", line)]
            words = (labels[-1] if labels else "") + " / " + words
        return words

    def say(self, text):
        os.write(self.into, (text + "\n").encode())

    def end(self):
        self.read(lambda _: False)
        return self.process.wait(DEADLINE)


class Window:
    """The full screen in a terminal of pyte's."""

    def __init__(self, scene):
        self.line, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = pyte.Screen(80, 24)
        self.screen.write_process_input = lambda data: os.write(self.line, data.encode())
        self.stream = pyte.ByteStream(self.screen)
        env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TIDEGATE_HOME": str(scene.home / "runs")}
        self.process = subprocess.Popen([str(TIDEGATE)], stdin=slave, stdout=slave, stderr=slave, env=env, cwd=scene.home, start_new_session=True)
        os.close(slave)
        scene.add(self)

    def discard(self):
        self.process.kill()
        self.process.wait()

    def text(self):
        while select.select([self.line], [], [], 0.02)[0]:
            try:
                self.stream.feed(os.read(self.line, 65536))
            except OSError:
                break
        return "\n".join(self.screen.display)

    def shows(self, words):
        try:
            wait_for(lambda: words in self.text(), 20, words, pause=0.02)
        except TimeoutError as late:
            raise AssertionError(f"{late}:\n{self.text()}") from late

    def type(self, text):
        """A key at a time, each seen by the program before the next: a burst would be a paste."""
        for key in re.findall(r"\x1b(?:O.|\[\d*[A-Z~])|.", text, re.S):
            os.write(self.line, key.encode())
            self.text()

    def press(self, label):
        """Tab to a button of the page or of a box, and Enter."""
        for _ in range(40):
            if f"[ {label} ]" in self.under_cursor():
                self.type("\r")
                return
            self.type("\t")
        raise AssertionError(f"no way to {label}:\n{self.text()}")

    def under_cursor(self):
        """The line of the cursor, from a cell before it on."""
        self.text()
        cursor = self.screen.cursor
        return self.screen.display[cursor.y][max(cursor.x - 2, 0):cursor.x + 40].lstrip("▸ ")[:40].split("]")[0] + "]"

    def box(self, words):
        """A box is open, and heard: it is deaf at first, and nobody reads faster."""
        self.shows(words)
        time.sleep(READING)

    def goes_on(self, question):
        """By the button Next, to that page."""
        self.press("Next")
        self.shows(question)


def walk(person, answers, last="Review"):
    """Answers prompts until the first one of the page `last` that no answer is for; returns that prompt. A list of answers is
    said one at a time, and Enter after them."""
    answers = {key: list(value) if isinstance(value, list) else value for key, value in answers.items()}
    for _ in range(200):
        words = person.prompt()
        if words is None:
            raise AssertionError(f"it ended:\n{person.says[-2000:]}")
        for (page, label), text in answers.items():
            if person.page == page and label in words:
                if isinstance(text, list):
                    text = text.pop(0) if text else ""
                person.say(next((number for number, choice in person.choices if text and text in choice), text))
                break
        else:
            if person.page == last and ("Choose" in words or last in ("Scope", "Checks")):
                return words
            person.say("")
    raise AssertionError(f"no end of questions:\n{person.says[-2000:]}")


def ask(person, text):
    """Says a line; what is said until the next prompt."""
    before = len(person.says)
    person.say(text)
    person.words = person.prompt()
    return person.says[before:]


def until(person, label):
    """Enter until that is asked; nothing is tested on the way."""
    for _ in range(30):
        if label in person.words:
            return
        ask(person, "no" if "Test it now" in person.words else "")
    raise AssertionError(f"{label} is not asked:\n{person.says[-2000:]}")


@case()
def test_start_to_run(scene: Scene):
    """From an empty terminal to a finished copy, by answers alone; both ends hold the same rows."""
    source, target = scene.source("mariadb"), scene.target("any")
    source.query(f"CREATE USER plain IDENTIFIED BY '{SECRET}'")
    source.query("GRANT ALL ON *.* TO plain WITH GRANT OPTION")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE DATABASE other")
    source.query("CREATE TABLE other.stays (id INT PRIMARY KEY)")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(40))")
    source.query("INSERT INTO tg_it.a SELECT seq, CONCAT('row ', seq) FROM tg_it.seq_1_to_500")
    person = Person(scene, "--plain", terminal=True)
    walk(person, {("Source", "Kind"): "MariaDB", ("Source", "Host"): "127.0.0.1", ("Source", "Port"): str(source.port), ("Source", "User"): "plain",
                  ("Source", "Password"): SECRET, ("Source", "TLS"): "off", ("Target", "Host"): "127.0.0.1", ("Target", "Port"): str(target.port), ("Target", "TLS"): "off",
                  ("Target", "User"): "root", ("Scope", "list, find"): ["unpick all", "pick tg_it"], ("Route", "Mode"): "one full copy", ("Review", "Name"): "plain-run"})
    check("Page 2 of 8: Source. Where is the data now?" in person.says, person.says[-500:])
    check("Fine: reached in" in person.says, "no line of a probe was told")
    check("1 picked" in person.says and "Chosen: 1 table" in person.says, person.says)
    ask(person, "1")
    ask(person, "1")
    check("saved as saved.yaml" in ask(person, "saved.yaml"), person.says[-500:])
    text = (scene.home / "saved.yaml").read_text()
    check(SECRET not in text and "${env:TG_SOURCE_PASSWORD}" in text and "include: [tg_it.*]" in text, text)
    (scene.home / "other.yaml").write_text("mine")
    check("other.yaml exists" in ask(person, "save other.yaml"), "a file was written over unasked")
    ask(person, "2")  # replace it
    equal((scene.home / "other.yaml").read_text(), text, "the file that was replaced")
    looker = Person(scene, "saved.yaml", "--plain", "--read-only", env={"TG_SOURCE_PASSWORD": SECRET})
    walk(looker, {})
    check(re.search(r"^  1  Save\n  2  Leave\nChoose", looker.says, re.M), looker.says[-500:])  # no Start, no Rehearse
    check("Not yet" in ask(person, "4"), person.says[-500:])
    ask(person, "")  # not yet
    person.say("go Scope")
    person.prompt()
    ask(person, "existing")
    ask(person, "4")
    person.say("")
    walk(person, {})
    check("DROPPED and made anew" in ask(person, "4"), person.says[-500:])
    check("Type the job's name (plain-run)" in ask(person, "2"), person.says[-500:])
    check("That is not the name that was asked for: nothing was done." in ask(person, "plain"), person.says[-500:])
    ask(person, "1")
    check(not list((scene.home / "runs").glob("*/run.sock")), "an engine was started without the name")
    check(not list((scene.home / "runs").glob("*/run.sock")), "an engine was started without consent")
    ask(person, "4")
    ask(person, "2")
    person.say("plain-run")
    check(person.read(lambda text: "The run is over. report tells" in text), person.says[-2000:])
    person.say("report")
    check(person.read(lambda text: "tg_it.a" in text[text.index("The run is over. report tells"):]), person.says[-2000:])
    person.say("q")
    equal(person.end(), EXIT["fine"], f"exit code:\n{person.says[-2000:]}\n")
    same(scene, source, target)
    check(SECRET not in person.says, "the password was shown")
    check("\x1b" not in person.says, "an escape sequence was written")
    check(not (scene.home / "runs/.draft.yaml").exists(), "a draft was left behind")


def tables_of(server, schema):
    return {row[0] for row in server.query(f"SELECT table_name FROM information_schema.tables WHERE table_schema='{schema}'")}


@case()
def test_journey(scene: Scene):
    """From Start to a verified PASS in lines: a wrong host, a failing check that another user cures, a subset, a rename, every kind of word of the dashboard."""
    source, target = scene.source("mariadb", options=["--binlog-row-image=MINIMAL"]), scene.target("tidb")
    target.query("CREATE DATABASE tg_it")
    target.query("CREATE VIEW tg_it.order_notes AS SELECT 1 AS id")  # where a table should stand
    source.query(f"CREATE USER plain IDENTIFIED BY '{SECRET}'")
    source.query("GRANT SELECT, PROCESS, RELOAD, LOCK TABLES, REPLICATION CLIENT, REPLICATION SLAVE, BINLOG MONITOR, SLAVE MONITOR ON *.* TO plain")
    source.query("CREATE DATABASE tg_it")
    for table in ("a", "orders", "order_notes", "left_out"):
        source.query(f"CREATE TABLE tg_it.{table} (id INT PRIMARY KEY, t VARCHAR(40))")
        source.query(f"INSERT INTO tg_it.{table} SELECT seq, CONCAT('{table} ', seq) FROM tg_it.seq_1_to_300")
    person = Person(scene, "--plain", terminal=True)
    walk(person, {("Source", "Kind"): "MariaDB", ("Source", "Host"): ["nobody.invalid", "127.0.0.1"], ("Source", "Port"): str(source.port), ("Source", "User"): "plain",
                  ("Source", "Password"): [SECRET], ("Source", "TLS"): "off", ("Source", "Next page"): ["no", ""], ("Target", "Host"): "127.0.0.1",
                  ("Target", "Port"): str(target.port), ("Target", "TLS"): "off", ("Target", "User"): "root"}, last="Scope")
    check("Fails: " in person.says and "nobody.invalid" in person.says and "Fine: reached in" in person.says, person.says)
    said = ask(person, "list tg_it")
    check(re.search(r"picked  tg_it.order_notes  300 rows  \S+ \S+  PK id", said), said)
    check("4 left out" in ask(person, "unpick all"), person.says[-500:])
    check("2 picked" in ask(person, "pick /^order/"), person.says[-500:])
    check("1 picked" in ask(person, "pick tg_it.a"), person.says[-500:])
    check("it is so already" in ask(person, "pick a"), person.says[-500:])
    check("Primary key (id)" in ask(person, "details orders"), person.says[-500:])
    check("nothing has the name nonsense" in ask(person, "pick nonsense"), person.says[-500:])
    check("rename: tg_it.orders to tg_it.orders_new" in ask(person, "rename tg_it.orders to tg_it.orders_new"), person.says[-500:])
    person.say("")
    walk(person, {}, last="Checks")
    number = re.search(r"^  (\d+)  fails: .*row", person.says, re.M | re.I)
    check(number, person.says[-3000:])
    check("failing" in ask(person, ""), "a failing check was gone past")
    view = re.search(r"^  (\d+)  fails: .*order_notes", person.says, re.M)
    check(view, person.says[-3000:])
    check("no reason makes a run possible here" in ask(person, f"accept {number.group(1)} we know"), person.says[-500:])
    check("without a reason nothing is accepted" in ask(person, f"accept {view.group(1)}") + ask(person, "1") + ask(person, ""), person.says[-900:])
    ask(person, "<")
    said = ask(person, f"accept {view.group(1)} it goes tonight")
    check("(accepted)" in said, said)
    view = re.search(r"^  (\d+)  attention: .*order_notes", said, re.M)
    check("it goes tonight" in ask(person, view.group(1)), person.says[-900:])
    said = ask(person, f"cure {view.group(1)}")
    check("DROP VIEW" in said and "  1  Run it" in said, said)
    ask(person, "1")
    ask(person, "")
    check("Type the host's name (127.0.0.1):" in ask(person, ""), person.says[-500:])
    check("That is not the name that was asked for" in ask(person, "yes"), person.says[-500:])
    equal(len(target.query("SHOW FULL TABLES FROM tg_it")), 1, "views before the consent")
    for answer in ("1", "", "", "127.0.0.1"):
        said = ask(person, answer)
    check("Running it." in said and not target.query("SHOW FULL TABLES FROM tg_it"), said)
    number = re.search(r"^  (\d+)  fails: .*row", said, re.M | re.I)
    said = ask(person, f"cure {number.group(1)}")
    check("FULL" in said and "  1  Run it" in said, said)
    ask(person, "1")
    ask(person, "root")
    said = ask(person, "")
    check("Running it." in said and "Looking; nothing is written anywhere." in said and ", 0 fail," in said, said)
    person.say("")
    walk(person, {("Review", "Name"): "journey"})
    check("In words" in person.says and "Move  3 tables" in person.says, person.says[-3000:])
    check("saved as journey.yaml" in ask(person, "save journey.yaml"), person.says[-300:])
    text = (scene.home / "journey.yaml").read_text()
    check(SECRET not in text, "the password was saved")
    ask(person, "4")
    person.say("2")
    follow(person, source, target)
    equal(person.end(), EXIT["fine"], f"exit code:\n{person.says[-2000:]}\n")
    equal(tables_of(target, "tg_it"), {"a", "order_notes", "orders_new"}, "tables at the target")
    ends = End(source.port, "tg_it"), End(target.port, "tg_it")
    for table, there in (("a", "a"), ("order_notes", "order_notes"), ("orders", "orders_new")):
        difference, rows = compare_table(ends, table, there)
        check(rows >= 299 and not difference, f"{table}, {rows} rows: {difference}")
    check(SECRET not in person.says and "\x1b" not in person.says, "what no line may hold")
    resume(scene, source, target)


def resume(scene, source, target):
    """The stopped run is offered with what is known of it, goes on, and holds what was written meanwhile."""
    source.query("UPDATE tg_it.a SET t='while it stood' WHERE id<30")
    def offered():  # as soon as the engine is gone
        one = Person(scene, "--plain", terminal=True, env={"TG_SOURCE_PASSWORD": SECRET, "TG_TARGET_PASSWORD": ""})
        one.prompt()
        if re.search(r"^  journey  stopped .*everything copied", one.says, re.M):
            return one
        one.discard()
        return None
    person = wait_for(offered, 60, "the stopped run")
    check(person.read(lambda text: "journey: binlog still on the source" in text), person.says)
    said = ask(person, "3")
    check("  1  journey  stopped" in said, said)
    said = ask(person, "1")
    check("everything copied, stopped " in said and "binlog still on the source. Start it again?" in said, said)
    person.say("yes")
    check(person.read(lambda text: "in-sync." in text), person.says[-2000:])
    ends = End(source.port, "tg_it"), End(target.port, "tg_it")
    wait_for(lambda: not compare_table(ends, "a", "a")[0], 60, "what was written meanwhile at the target")
    for line in ("stop", "2"):
        person.say(line)
    equal(person.end(), EXIT["fine"], "exit code")


def follow(person, source, target):
    """The plain dashboard on a run that follows, until a PASS; then it is stopped."""
    def waits(words):
        begin = len(person.says)
        check(person.read(lambda text: words in text[begin:]), f"no {words}:\n{person.says[begin:]}")

    def hears(line, words):
        begin = len(person.says)
        person.say(line)
        check(person.read(lambda text: words in text[begin:]), f"{line}: no {words}:\n{person.says[begin:]}")
    check(person.read(lambda text: "in-sync." in text), person.says[-2000:])
    source.query("UPDATE tg_it.orders SET t='changed' WHERE id<20")
    source.query("DELETE FROM tg_it.a WHERE id=5")
    hears("?", "leaves at once")
    hears("tables", "tg_it.orders  ")
    hears("find notes", "tg_it.order_notes")
    hears("find", "tg_it.a  ")
    hears("level debug", "engine")
    hears("lag", "the worst of the last 10 minutes")
    hears("replication", "received  ")
    hears("cutover", "Point the application at the target")
    hears("pace gentle", "the pace holds from now on")
    hears("pace", "Choose by number, or leave it open. [")
    hears("3", "pace: fast")
    hears("pause", "pausing")
    waits("paused.")
    hears("pause", "resumed")
    hears("errors", "Nothing asks for you.")
    hears("save events.txt", "saved as events.txt")
    hears("save events.txt", "stays as it is")
    hears("nonsense", "there is no command nonsense")
    hears("report", "when the run is over")
    hears("chunks orders", "tg_it.orders   by id")
    target.query("UPDATE tg_it.orders_new SET t='broken' WHERE id=100")
    hears("redo tg_it.orders", "Copy tg_it.orders anew?")
    hears("2", "copied anew")
    ends = End(source.port, "tg_it"), End(target.port, "tg_it")
    wait_for(lambda: not compare_table(ends, "orders", "orders_new")[0], 60, "the table that was copied anew")
    hears("leave-out tg_it.a", "Type the table's name (tg_it.a) for: Leave it out. Anything else: Keep it.")
    hears("yes", "nothing was done")
    hears("verify", "compar")
    check(person.read(lambda text: "Verdict PASS" in text), person.says[-2000:])
    hears("stop", "Stop the run?")
    hears("1", "")
    hears("stop", "  2  Stop it now")
    person.say("2")


@case()
def test_same_job(scene: Scene):
    """The full screen and the lines make the same job file of the same answers: a subset by boxes and by words, a rename, existing rows."""
    source, target = scene.source("mariadb"), scene.target("any")
    for schema, tables in (("tg_it", ("a", "b", "c", "d", "e")), ("crm", ("one", "two"))):
        source.query(f"CREATE DATABASE {schema}")
        for table in tables:
            source.query(f"CREATE TABLE {schema}.{table} (id INT PRIMARY KEY)")
    person = Person(scene, "--plain")
    walk(person, {("Source", "Kind"): "MariaDB", ("Source", "Host"): "127.0.0.1", ("Source", "Port"): str(source.port), ("Source", "User"): "root", ("Target", "Host"): "127.0.0.1",
                  ("Target", "Port"): str(target.port), ("Target", "User"): "root"}, last="Scope")
    ask(person, "unpick crm")
    ask(person, "unpick tg_it.b")
    ask(person, "rename tg_it.* to new_it.*")
    ask(person, "existing")
    ask(person, "2")
    check("saved as plain.yaml" in ask(person, "save plain.yaml"), person.says[-500:])
    person.discard()
    window = Window(scene)
    window.shows("What would you like to do?")
    window.type("\r")
    window.shows("Where is the data now?")
    window.type("\x1bOC\t127.0.0.1\t" + str(source.port) + "\troot")
    window.goes_on("How do we get")
    window.goes_on("Where should the data go?")
    window.type("\t127.0.0.1\t" + str(target.port) + "\troot")
    window.goes_on("What should move?")
    window.shows("Every chosen table has a key")
    window.type(" ")                  # crm is the first row
    window.shows("0 of 2 tables")
    window.type("/tg_it.b\r")
    window.shows("1 of 7 shown")
    window.type("\x1bOB ")
    window.shows("4 of 5 tables")
    window.type("\x0e")               # Ctrl-N: renames
    window.box("There is none yet: everything keeps its name.")
    window.type("\x1b[Z\x15tg_it.*\t\x15new_it.*")
    window.press("Add")
    window.box("tg_it.* to new_it.*")
    window.press("Close")
    window.type("\t\x1bOC")           # existing data
    window.shows("< add to them >")
    window.type("\x13")
    window.box("Save the job")
    window.type("\x15screen.yaml")
    window.press("Save")
    window.shows("saved as screen.yaml")
    screen, lines = ((scene.home / name).read_text() for name in ("screen.yaml", "plain.yaml"))
    equal(screen, lines, "the job of the screen and of the lines")
    check("exclude: [tg_it.b]" in lines and "existing: append" in lines and "new_it" in lines, lines)


@case()
def test_dm_files(scene: Scene):
    """DM's files from lines: several files opened as one job, written anew for a cluster; a folder that has them is not touched."""
    (scene.home / "task.yaml").write_text("name: t1\ntask-mode: all\ntarget-database: {host: 127.0.0.1, port: 4000, user: root}\nmysql-instances:\n  - source-id: s1\n")
    (scene.home / "my source.yaml").write_text("source-id: s1\nfrom: {host: 127.0.0.1, port: 3306, user: root}\n")
    person = Person(scene, "--plain")
    person.prompt()
    ask(person, "2")
    said = ask(person, "task.yaml 'my source.yaml' none.yaml")
    check("was not taken. Nothing was changed." in said and "Choose" in said, said)
    ask(person, "2")
    said = ask(person, "task.yaml 'my source.yaml'")
    check("are open as one job; go goes to any page" in said and "Page 2 of 8" in said, said)
    person.say("go Route")
    walk(person, {("Route", "Road"): "DM cluster", ("Route", "All on"): "10.0.0.5", ("Route", "Next page"): ["files", ""]}, last="Checks")
    check("Written into" in person.says and "topology.yaml" in person.says, person.says[-3000:])
    check(list(scene.home.glob("*-dm/task.yaml")), "no task file was written")
    wizard = Person(scene, "task.yaml", "my source.yaml", "--plain")  # the same from the command line
    wizard.prompt()
    ask(wizard, "1")
    check("Host [127.0.0.1]" in ask(wizard, ""), wizard.says[-500:])


@case()
def test_long_list(scene: Scene):
    """Tables come twenty at a time; a find, a sort and a glob narrow them, and numbers are of the list that was told last."""
    source = scene.source("mariadb")
    source.query("CREATE DATABASE tg_it")
    for number in range(45):
        source.query(f"CREATE TABLE tg_it.t_{number:02} (id INT PRIMARY KEY)")
    source.query("CREATE TABLE tg_it.zero (id INT)")
    person = Person(scene, "--plain")
    walk(person, {("Source", "Kind"): "MariaDB", ("Source", "Host"): "127.0.0.1", ("Source", "Port"): str(source.port), ("Source", "User"): "root",
                  ("Target", "Host"): "127.0.0.1", ("Target", "Port"): "1", ("Target", "User"): ["", "root"], ("Target", "Test it"): "no"}, last="Scope")
    check("one thing left: User\nUser: " in person.says, person.says[-3000:])
    check("the target could not be looked at" in person.says, person.says[-900:])
    said = ask(person, "list tg_it")
    check("  20  picked  tg_it.t_19" in said and "t_20" not in said and "… and 26 more" in said, said)
    said = ask(person, "more")
    check("  40  picked  tg_it.t_39" in said and "t_40" not in said and "… and 6 more" in said, said)
    check("2 left out" in ask(person, "unpick 39-40"), person.says[-500:])
    said = ask(person, "find t_3")
    check("10 of 46 shown" in said and "  9  left out  tg_it.t_38" in said and "  1  picked  tg_it.t_30" in said, said)
    check("1 picked" in ask(person, "pick 9"), person.says[-500:])
    check("tg_it.zero" in ask(person, "keyless"), person.says[-500:])
    check("1 left out" in ask(person, "unpick zero"), person.says[-500:])
    check("exclude: [tg_it.t_39, tg_it.zero]" in ask(person, "rules"), person.says[-500:])
    check("not a regular expression" in ask(person, "find /(/"), person.says[-500:])
    check("  1  partly  tg_it" in ask(person, "sort size"), person.says[-500:])
    check("include: [tg_it.t_0*]" in ask(person, "include tg_it.t_0*"), person.says[-500:])
    for answer in ("events", "1", "2", "3", "<", "3", "tg_it", "t_00", ""):
        said = ask(person, answer)
    check("  1  tg_it.t_00: no delete" in said, said)
    check("  events: tg_it.t_00: no delete" in ask(person, "4") + ask(person, "rules"), person.says[-900:])
    check("These rules were written by hand" in ask(person, "pick t_20"), person.says[-900:])
    check("include: [tg_it.t_0*]" in ask(person, "1") + ask(person, "rules"), person.says[-900:])


@case()
def test_words(scene: Scene):
    """What a screen has keys for, at the last question of a page: rights, the secret's origin, several sources, a tunnel."""
    person = Person(scene, "--plain")
    for answer in ("", "", "db.invalid", "", "u", SECRET, "", "no"):
        person.prompt()
        person.say(answer)
    person.prompt()
    said = ask(person, "rights")
    check("GRANT SELECT" in said and "Next page?" in said, said)
    said = ask(person, "origin")
    check("  4  Ask each time a run starts" in said, said)
    ask(person, "4")
    check("${ask}" in ask(person, "show"), person.says[-500:])
    check("There is no such word here" in ask(person, "tunnel"), person.says[-500:])
    said = ask(person, "?")
    check("  several: another source, or one less" in said, said)
    check("  2  Add another source" in ask(person, "several"), person.says[-900:])
    check("Sources 2 of 2. The next one?" in ask(person, "2"), person.says[-900:])
    check("Sources 1 of 2" in ask(person, "yes"), person.says[-300:])
    check("Sources 2 of 2" in ask(person, "yes"), person.says[-300:])
    until(person, "Next page")
    ask(person, "several")
    ask(person, "3")                  # the second goes again
    check("db.invalid" in ask(person, "") + ask(person, ""), person.says[-300:])
    until(person, "Next page")
    check("Page 3 of 8: Path" in ask(person, ""), person.says[-900:])
    ask(person, "2")
    for answer in ("jump.invalid", "", "me"):
        ask(person, answer)
    said = ask(person, "")
    check("ssh -N " in said and "me@jump.invalid" in said, said)
    check("To the target" in ask(person, "other") + ask(person, ""), person.says[-500:])
    check(SECRET not in (scene.home / "runs/.draft.yaml").read_text(), "the password is in the draft")


@case()
def test_no_terminal(scene: Scene):
    """A pipe gets lines too, and its end starts nothing."""
    person = Person(scene)
    check("Choose [1]" in person.prompt(), person.says)
    person.say("?")
    person.prompt()
    check("job file" in person.says, "no help")
    person.say("1")
    person.prompt()
    person.say("<")
    person.prompt()
    equal(person.page, "Start", "after going back")
    person.process.stdin.close()
    equal(person.end(), EXIT["fine"], "exit code")
    check("The input has ended. Nothing was started." in person.says, person.says)
    check("\x1b" not in person.says, "an escape sequence was written")


@case()
def test_help_and_back(scene: Scene):
    """A refused value is told and asked for again; what was answered is kept on the way back; = and Enter mean text."""
    person = Person(scene, "--plain")
    for answer in ("", "2"):
        person.prompt()
        person.say(answer)
    person.prompt()
    person.say("shop.cluster-ro-cx1.us-east-1.rds.example")
    check("shop.cluster-cx1.us-east-1.rds.example" in person.prompt(), person.says)  # the offer
    person.say("yes")
    check("Port" in person.prompt(), person.says[-300:])
    person.say("many")
    check("Port [many]" in person.prompt() and "no number" in person.says, person.says[-300:])
    person.say("")
    check("Port [many]" in person.prompt(), person.says[-300:])  # it can't be left so
    person.say("3307")
    check("User" in person.prompt(), person.says[-300:])
    check("  1  Start\n  2  Source\n" in ask(person, "go"), person.says[-300:])
    check("not reached yet" in ask(person, "go Target"), person.says[-300:])
    check("host: \"shop.cluster-cx1" in ask(person, "show").replace("'", '"') or "host: shop.cluster-cx1" in person.says, person.says[-600:])
    person.say("<")
    check("Port [3307]" in person.prompt(), person.says[-300:])
    person.say("<")
    check("Host [shop.cluster-cx1.us-east-1.rds.example]" in person.prompt(), person.says[-300:])
    person.say("=save")
    check("Port" in person.prompt(), person.says[-300:])
    check("Leave without saving" in ask(person, "quit"), person.says[-300:])
    person.say("3")
    equal(person.end(), EXIT["fine"], "exit code")


@case()
def test_options(scene: Scene):
    """--lang, the environment's language, and what is not an option."""
    for env in ({"ACCESSIBLE": "1", "TERM": "xterm"}, {"TERM": "dumb"}):  # a terminal, and nothing said about lines
        person = Person(scene, terminal=True, env=env)
        check("Choose [1]" in person.prompt() and "\x1b" not in person.says, person.says)
    person = Person(scene, "--plain", "--lang", "zh")
    check("请选择" in person.prompt(), person.says)
    person.say("5")
    check("Choose" in person.prompt(), "the language was not switched")
    for env in ({"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}):  # installed or not
        check("请选择" in Person(scene, "--plain", env=env).prompt(), f"{env} speaks no Chinese")
    check("Choose" in Person(scene, "--plain", env={"LC_ALL": "zh_TW.UTF-8"}).prompt(), "the wrong script")
    for words, text in ((["--lang", "xx"], "--lang is"), (["--theme", "pink"], "--theme is"), (["--glyphs", "x"], "--glyphs is"),
                        (["--plian"], "did you mean \"--plain\""), ([scene.home / "none.yaml"], "neither a command nor a file"), (["chekc"], "did you mean \"check\"")):
        done = subprocess.run([str(TIDEGATE), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        equal(done.returncode, EXIT["usage"], f"exit code of {words}")
        check(text in done.stdout, f"{words}: {done.stdout}")


@case()
def test_crash_of_the_screen(scene: Scene):
    """kill -9 while a field is being typed: the next window has all that was left and the text under the cursor, but no password."""
    draft, window = scene.home / "runs/.draft.yaml", Window(scene)
    window.shows("What would you like to do?")
    window.type("\r")
    window.shows("Where is the data now?")
    window.type("\tdb.one.example\t\t")  # the kind and the port stay
    window.shows("is not known to this host")
    window.type("tg_reader\t" + SECRET + "\t")
    window.type("\x1b[Z\x1b[Z")  # back to the user
    window.type("_two")
    wait_for(lambda: draft.exists() and "tg_reader_two" in draft.read_text(), 20, "the draft to hold what was typed")
    window.discard()
    text = draft.read_text()
    check(SECRET not in text and "${env:TG_SOURCE_PASSWORD}" in text, text)
    equal(draft.stat().st_mode & 0o777, 0o600, "mode of the draft")
    window = Window(scene)
    window.shows("Carry on            db.one.example, not saved, page Source, just now")
    window.type("\r")
    window.shows("Where is the data now?")
    for words in ("db.one.example", "tg_reader_two", "TG_SOURCE_PASSWORD is not set here", "passwords are never kept"):
        window.shows(words)
    check(SECRET not in window.text(), "the password was shown")
    window.type("\x11")  # Ctrl-Q
    window.shows("Leave without saving")
    window.discard()
    check(draft.exists(), "a window that is asked whether to leave has dropped the draft")


@case()
def test_crash_of_the_lines(scene: Scene):
    """The same in plain mode, and from a full screen into lines; leaving without saving drops the draft."""
    draft, person = scene.home / "runs/.draft.yaml", Person(scene, "--plain", terminal=True)
    for label, answer in (("Choose", ""), ("Kind", "2"), ("Host", "db.one.example"), ("Port", "3307"), ("User", "tg_reader"), ("Password", SECRET)):
        while label not in person.prompt():  # news of a name that is not known repeat a prompt
            pass
        person.say(answer)
    while "TLS" not in person.prompt():
        pass
    person.discard()
    check("${env:TG_SOURCE_PASSWORD}" in draft.read_text() and SECRET not in draft.read_text() and SECRET not in person.says, draft.read_text() + person.says)
    person = Person(scene, "--plain", terminal=True)
    check("Choose [1]" in person.prompt() and "  1  Carry on: db.one.example, not saved, page Source" in person.says, person.says)
    said = ask(person, "1")
    check("your answers are back; passwords are never kept" in said and "Page 2 of 8: Source" in said and "Choose [2]" in said, said)
    check("Host [db.one.example]" in ask(person, ""), person.says[-300:])
    check("Port [3307]" in ask(person, ""), person.says[-300:])
    check("User [tg_reader]" in ask(person, ""), person.says[-300:])
    check("TG_SOURCE_PASSWORD is not set here" in ask(person, ""), person.says[-300:])
    check("Leave without saving" in ask(person, "<") + ask(person, "quit"), person.says[-300:])
    person.say("3")
    equal(person.end(), EXIT["fine"], "exit code")
    check(not draft.exists(), "the draft that nobody wanted is still there")


@case()
def test_end_of_input(scene: Scene):
    """A pipe that ends has lost nothing."""
    person = Person(scene)
    person.process.stdin.write(b"1\n1\ndb.one.example\n")
    person.process.stdin.close()
    equal(person.end(), EXIT["fine"], "exit code")
    check("The input has ended. Nothing was started." in person.says and "What was answered is kept" in person.says, person.says)
    person = Person(scene)
    check("Choose" in person.prompt() and "  1  Carry on: db.one.example" in person.says, person.says)


@case()
def test_settings(scene: Scene):
    """The settings of the window: what they say holds, what they can't say is refused with its line."""
    folder = scene.home / "config/tidegate"
    folder.mkdir(parents=True)
    file, env = folder / "config.yaml", {"XDG_CONFIG_HOME": str(scene.home / "config")}
    for text, place, words in (("theme: dark\nkeys:\n  pause: Enter\n", ":3:3", "pause can't have the key Enter"),
                               ("keys:\n  paus: F5\n", ":2:3", "unknown action \"paus\"; there are help, go-to, mouse"),
                               ("keys:\n  pause: v\n", ":2:3", "the key v would do two things in one place, pause and verify"),
                               ("password: x\n", ":1:1", "unknown setting"), ("theme: pink\n", ":1:8", "the theme can be default")):
        file.write_text(text)
        ran = tidegate("--plain", env=env)
        equal(ran.returncode, EXIT["usage"], text)
        check(f"config.yaml{place}" in ran.stdout and words in ran.stdout, ran.stdout)
    file.write_text("language: zh\nmouse: on\nkeys:\n  pause: [P, F8]\n")
    person = Person(scene, "--plain", env={**env, "TERM": "dumb"})
    check("第 1" in person.prompt() or "选择" in person.says, person.says)


if __name__ == "__main__":
    main()
