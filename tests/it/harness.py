# SPDX-License-Identifier: Apache-2.0
"""What the black-box tests share: cases, servers, and an engine under test.

A test file is a program. It names its cases with `@case` and ends with `main()`; each case prints one line,
`ok NAME`, `not ok NAME` or `skip NAME reason`, which tests/run counts. What the engine printed stays below
build/test-logs, and the end of it is printed when a case fails.

Whatever a target was sent goes through TiDB's own parser at the end of a case, whatever kind of server the
target was: a statement that TiDB could not read fails the case.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
sys.path.insert(0, str(TESTS / "it"))
sys.path.insert(0, str(TESTS / "tools"))

import pymysql  # noqa: E402  (after the path is set)

import servers  # noqa: E402
from compare import End, compare  # noqa: E402
from servers import Missing, wait_for  # noqa: E402
from tglib import Unjudged, judge, record_statements, sampled_statements  # noqa: E402

ROOT = TESTS.parent
os.environ["XDG_CONFIG_HOME"] = "/nonexistent"  # settings of whoever runs the tests are no part of them
TIDEGATE = Path(os.environ.get("TIDEGATE") or ROOT / "build/release/tidegate")
LOGS = Path(os.environ.get("TG_TEST_LOGS") or ROOT / "build/test-logs")
CASES = []
OPTIONS = argparse.Namespace()

JUDGED_CHARACTERS = 16 << 20  # of a case, at most
# what records a server's statements from its start on, so that a restart doesn't end it; a TiDB is told when it answers
RECORDING = {"mariadb": ["--general-log=1", "--log-output=TABLE"], "mysql97": ["--general-log=1", "--log-output=TABLE"]}
RECORDED = "SELECT 'the first that is recorded'"
UNJUDGED = []  # why this machine has no judge

EXIT = {"fine": 0, "usage": 1, "internal": 2, "check": 3, "resumable": 4, "person": 5, "different": 6}


class Skip(Exception):
    """A case that can't be run here; the text says why."""


def case(name=None, long_only=False, for_each=None):
    """Registers a test; with for_each, one case for each (name, arguments…)."""
    def register(function):
        base = name or function.__name__.removeprefix("test_")
        if for_each is None:
            CASES.append((base, long_only, function, ()))
        for title, *arguments in for_each or ():
            CASES.append((f"{base}/{title}", long_only, function, arguments))
        return function
    return register


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("only", nargs="*", help="run cases whose name contains one of these")
    parser.parse_args(namespace=OPTIONS)
    suite = Path(sys.argv[0]).stem
    if not OPTIONS.list:
        print(f"# {suite} seed {OPTIONS.seed}", flush=True)
    failed = 0
    for title, long_only, function, arguments in CASES:
        if function.__module__.startswith("test_"):  # of a file that only lends its helpers
            continue
        wanted = not OPTIONS.only or any(part in title for part in OPTIONS.only)
        if not wanted or (long_only and not OPTIONS.long and not OPTIONS.only):
            continue
        if OPTIONS.list:
            print(title)
            continue
        failed += not run_case(suite, title, function, arguments)
    for reason in UNJUDGED[:1]:
        print(f"skip judge {reason}", flush=True)
    sys.exit(1 if failed else 0)


def run_case(suite, title, function, arguments):
    name = f"{suite}/{title}"
    began = time.monotonic()
    scene = Scene(name)
    try:
        if not TIDEGATE.exists() and getattr(function, "needs_engine", True):
            raise AssertionError(f"{TIDEGATE} is not built")
        function(scene, *arguments)
        scene.judge()
    except (Skip, Missing) as reason:
        print(f"skip {name} {reason}", flush=True)
        scene.end()
        return True
    except (KeyboardInterrupt, SystemExit):
        scene.end()
        raise
    except BaseException:  # a test that ends in any way but by returning has failed
        print(f"not ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
        print("".join("#   " + line + "\n" for line in traceback.format_exc().splitlines()), end="")
        scene.tell()
        scene.end()
        return False
    scene.end()
    print(f"ok {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def check(truth, message):
    if not truth:
        raise AssertionError(message)


def equal(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def same(scene, source, target, schema="tg_it", note=True):
    """Both servers hold the same rows; answers (tables, rows)."""
    differences, tables, rows = compare(End(source.port, schema), End(target.port, schema))
    check(tables, f"no table in {schema}: nothing was compared")
    check(not differences, "both ends differ:\n" + "\n".join(f"{one.table}: {one.text}" for one in differences))
    if note:
        scene.note(f"{tables} tables, {rows} rows, equal")
    return tables, rows


# ---- servers ----------------------------------------------------------------------------------------------

# the kinds of source that the tests know, as arguments of servers.start
SOURCES = {"mariadb": ("mariadb", {}), "mysql97-gtid": ("mysql97", {"gtid": True}), "mysql97-file": ("mysql97", {}),
           "mysql56": ("mysql56", {}), "aurora": ("aurora", {}), "aurora2": ("aurora2", {}), "rds": ("rds", {})}


def flavour(source, target="tidb"):
    """What workload.py makes its tables for."""
    kind = SOURCES[source][0]
    return "mysql97-plain" if kind == "mysql97" and target == "mariadb" else kind


def position(server):
    """(file, offset) of the end of the binlog."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW BINARY LOG STATUS" if server.version.startswith(("8.4", "9")) else "SHOW MASTER STATUS")
            row = cursor.fetchone()
    finally:
        connection.close()
    return row[0], int(row[1])


def order(place):
    """A binlog place as something that compares: the file's number, the offset."""
    file, offset = place
    return int(re.search(r"\d+$", file).group()), int(offset)


class Scene:
    """Everything that one case starts; it all ends with the case."""

    def __init__(self, name):
        self.name = name
        self.logs = LOGS / re.sub(r"[^A-Za-z0-9.-]+", "_", name)
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        self.home = Path(tempfile.mkdtemp(prefix="tg-run-"))
        self.things, self.engines, self.recorded = [], [], []

    def add(self, thing):
        """Has `thing.discard()` called at the end."""
        self.things.append(thing)
        return thing

    def source(self, kind="mariadb", options=()):
        name, more = SOURCES[kind]
        return self.add(servers.start(name, options=list(options), **more))

    def target(self, kind="tidb", options=(), judged=True):
        """A target; "any" is a TiDB where there is one, else a MariaDB, which tests the row just as well.

        judged=False is for amounts whose record would take longer than the case."""
        if kind == "any":
            try:
                return self.target("tidb", options, judged)
            except Missing:
                return self.target("mariadb", options, judged)
        if not judged:
            self.note("too much for TiDB's parser: the statements of this case are not judged")
        elif not UNJUDGED:
            options = [*RECORDING.get(kind, ()), *options]
        server = self.add(servers.start(kind, options=list(options)))
        if judged and not UNJUDGED:
            record_statements(server)
            server.query(RECORDED)  # so that a record without any statement is a broken record
            self.recorded.append(server)
        return server

    def judge(self):
        """TiDB's own parser accepts every statement that a target was sent."""
        began, refused = time.monotonic(), []
        for server in self.recorded:
            try:
                statements, total = sampled_statements(server, JUDGED_CHARACTERS)
                refused += judge(statements)
            except Unjudged as reason:
                UNJUDGED.append(str(reason))
                return
            except (OSError, pymysql.err.Error) as problem:
                raise AssertionError(f"the statements that {server.name} was sent can't be read: {problem}") from problem
            check(RECORDED in statements, f"{server.name} has not recorded what it was sent")
            self.note(f"{len(statements)} of {total} statements judged in {time.monotonic() - began:.1f} s")
        check(not refused, "TiDB's parser refuses:\n" + "\n".join(
            f"{one['statement'][:300]}\n  {one['error'][:300]}" for one in refused[:5]))

    def proxy(self, server):
        """A faults proxy in front of a server; what it looks like to a job is the server."""
        proxy = self.add(servers.faults(server))
        proxy.info["gtid"], proxy.behind = server.info["gtid"], server.name
        return proxy

    def engine(self, source, target, /, name="it", **job):
        engine = Engine(self, source, target, name, job)
        self.engines.append(engine)
        return self.add(engine)

    def note(self, text):
        print(f"# {self.name}: {text}", flush=True)

    def tell(self):
        for engine in self.engines:
            print(f"#   the end of {engine.log}:")
            tail = engine.text().splitlines()[-25:]
            print("".join(f"#     {line[:400]}\n" for line in tail), end="", flush=True)

    def end(self):
        for thing in reversed(self.things):
            try:
                thing.discard()
            except Exception as problem:  # the case's own outcome counts
                print(f"#   while ending {thing}: {problem}", flush=True)
        shutil.rmtree(self.home, ignore_errors=True)


# ---- the engine -------------------------------------------------------------------------------------------

def yaml(value, indent=0):
    """Just enough YAML for a job: nested mappings, lists as JSON."""
    pad = "  " * indent
    lines = []
    for key, one in value.items():
        if isinstance(one, dict):
            lines.append(f"{pad}{key}:\n{yaml(one, indent + 1)}")
        else:
            lines.append(f"{pad}{key}: {json.dumps(one, ensure_ascii=False)}\n")
    return "".join(lines)


def merged(base, changes):
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def tidegate(*arguments, timeout=60, env=None):
    """Runs the binary to its end."""
    return subprocess.run([str(TIDEGATE), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=timeout,
                          env={**os.environ, **(env or {})})


class Engine:
    """`tidegate run` in the foreground, without a terminal."""

    def __init__(self, scene, source, target, name, job):
        self.scene, self.name = scene, name
        self.home = scene.home / "runs"
        self.log = scene.logs / f"{name}.log"
        self.file = scene.logs / f"{name}.yaml"
        self.files, self.process, self.program = [self.file], None, TIDEGATE
        kind = getattr(source, "behind", source.name)
        base = {"version": 1, "name": name, "mode": "all",
                "source": {"id": "source-1", "kind": "mariadb" if kind == "mariadb" else "mysql",
                           "host": "127.0.0.1", "port": source.port, "user": "root", "tls": False,
                           "gtid": kind == "mariadb" or bool(source.info.get("gtid"))},
                "target": {"host": "127.0.0.1", "port": target.port, "user": "root", "tls": False},
                "allow": {"include": ["tg_it.*"]}, "road": {"kind": "stream", "until": "cutover"}}
        self.job = merged(base, job)
        self.file.write_text(yaml(self.job))

    def start(self, *more, env=None):
        check(self.process is None or self.process.poll() is not None, "the engine is running already")
        with open(self.log, "ab") as log:
            log.write(f"---- tidegate run {time.strftime('%H:%M:%S')}\n".encode())
            log.flush()
            self.process = subprocess.Popen(
                [str(self.program), "run", *map(str, self.files), "--run-dir", str(self.home), *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        return self

    def text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, the engine's worst end."""
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    discard = kill

    def control(self, verb, *arguments):
        return tidegate(verb, self.name, *arguments, "--run-dir", self.home)

    def ask(self, cmd, args=None):
        """A command over the run's socket: its answer {id, ok, result or error}, None where no engine is there."""
        try:
            with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as lines:
                line.connect(str(self.home / self.name / "run.sock"))
                lines.readline()  # hello
                lines.write(json.dumps({"id": 1, "cmd": cmd, "args": args or {}}) + "\n")
                lines.flush()
                return next((answer for answer in map(json.loads, lines) if answer.get("id") == 1), None)
        except OSError:
            return None

    def status(self):
        """The snapshot, or None while there is none."""
        answer = self.control("status", "--json")
        if answer.returncode:
            return None
        try:
            return json.loads(answer.stdout)
        except ValueError as problem:
            raise AssertionError(f"status --json is not JSON: {problem}: {answer.stdout[:300]}") from problem

    def until(self, condition, seconds, what):
        """Waits for condition(snapshot); an engine that ends, or asks what nobody expects, ends the waiting."""
        last = None

        def asked():
            nonlocal last
            check(self.alive(), f"the engine ended with exit code {self.process.poll()} while waiting for {what}")
            snapshot = self.status()
            last = snapshot or last
            return snapshot and condition(snapshot) and snapshot
        try:
            return wait_for(asked, seconds, what, pause=0.15)
        except TimeoutError as late:
            raise AssertionError(f"{late}; last status: {json.dumps(last)[:1500]}") from late

    def until_state(self, *states, seconds=300):
        def reached(snapshot):
            if "asking" not in states and snapshot["state"] in ("asking", "failed"):
                raise AssertionError(f"the run is {snapshot['state']}: {snapshot.get('reason')} {snapshot.get('questions')}")
            return snapshot["state"] in states
        return self.until(reached, seconds, f"state {' or '.join(states)}")

    def question(self, seconds=120):
        """The first open question."""
        return self.until(lambda snapshot: snapshot["questions"], seconds, "a question")["questions"][0]

    def until_applied(self, place, seconds=300):
        """Waits until everything up to (file, offset) of the source is committed at the target."""
        def reached(snapshot):
            if snapshot["state"] in ("asking", "failed"):
                raise AssertionError(f"the run is {snapshot['state']}: {snapshot.get('reason')} {snapshot.get('questions')}")
            lag = snapshot["lag"]
            return applied(snapshot) >= order(place) and not lag["unread_bytes"] and not lag["unapplied_bytes"]
        return self.until(reached, seconds, f"position {place} at the target")

    def ended(self, seconds=120):
        """The exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the engine has not ended within {seconds} s; last status: "
                                 f"{json.dumps(self.status())[:1500]}") from None

    def stop(self, seconds=60):
        """`tidegate stop`, which leaves a run that can be resumed."""
        answer = self.control("stop")
        check(answer.returncode == 0, f"tidegate stop: exit {answer.returncode}: {answer.stdout}")
        equal(self.ended(seconds), EXIT["resumable"], "exit code after stop")

    def verify(self, seconds=300):
        return tidegate("verify", *self.files, timeout=seconds)

    def peak_memory(self):
        """VmHWM in bytes, of a running engine."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found.group(1)) * 1024 if found else 0


def applied(snapshot):
    """position_applied as something that compares; before everything when there is none yet."""
    place = snapshot.get("position_applied")
    if isinstance(place, dict):
        place = (place.get("file"), place.get("pos"))
    elif isinstance(place, str):
        place = tuple(place.rsplit(":", 1)) if ":" in place else None
    return order(place) if place and place[0] else (-1, 0)


def answers(engine, question, choice):
    """Answers an open question, and returns when it is gone from the snapshot."""
    done = engine.control("answer", question["id"], choice)
    check(done.returncode == 0, f"tidegate answer {question['id']} {choice}: {done.stdout}")
    engine.until(lambda snapshot: snapshot["state"] != "asking" and not snapshot["questions"], 30, "the run to go on")


def verdict(engine):
    """Asks the run to compare both ends, and returns what it says afterwards."""
    with socket.socket(socket.AF_UNIX) as run:
        run.connect(str(engine.home / f"{engine.name}/run.sock"))
        run.sendall(json.dumps({"id": 1, "cmd": "verify", "args": {}}).encode() + b"\n")
        wait_for(lambda: '"id":1' in run.recv(1 << 20).decode(errors="replace").replace(" ", ""), 30, "an answer")
    engine.until(lambda snapshot: snapshot["verdict"], 60, "a verdict")
    return engine.status()["verdict"]
