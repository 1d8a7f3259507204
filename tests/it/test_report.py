#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a run that is over leaves behind: report.json with durations and the clean-up, `status` and `attach` afterwards, and
the report's page in a real terminal."""

import json
import os
import pty
import select
import socket
import subprocess
import time

from harness import EXIT, OPTIONS, TIDEGATE, Scene, case, check, equal, main, position, same, tidegate, wait_for  # noqa: I001  (sets the path)
from workload import Writer, fill


class Terminal:
    """A window behind a pseudo terminal; what it wrote is kept as bytes."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.bytes = b""
        environment = {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "LINES": "24", "COLUMNS": "80"}
        self.process = subprocess.Popen([str(TIDEGATE), *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True)
        os.close(slave)

    def shows(self, text):
        while select.select([self.master], [], [], 0.05)[0]:
            try:
                self.bytes += os.read(self.master, 65536)
            except OSError:
                break
        return text.encode() in self.bytes

    def wait(self, text):
        wait_for(lambda: self.shows(text), 20, f"{text!r} on the screen; so far {self.bytes[-2000:]!r}")

    def type(self, keys):
        self.bytes = b""
        os.write(self.master, keys.encode())

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


@case()
def test_status_until_the_end(scene: Scene):
    """Somebody asks all the time while engines end: what has no engine any more tells what it said last, and never nothing."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 400, "mariadb")
    asked = 0
    for number in range(3):
        target.query("DROP DATABASE IF EXISTS tg_it")
        engine = scene.engine(source, target, name=f"it{number}", mode="full", road={"until": "copied"}).start()
        wait_for(lambda: (engine.home / engine.name / "run.sock").exists(), 30, "a socket", pause=0.005)
        while engine.alive():
            answer = engine.control("status", "--json")
            check(answer.returncode == 0, f"tidegate status: exit {answer.returncode}: {answer.stdout}")
            asked += 1
        equal((engine.ended(), engine.status()["state"]), (EXIT["fine"], "finished"), "the end")
    check(asked > 10, f"asked {asked} times only")


@case()
def test_report(scene: Scene):
    """A full copy into a verified PASS: every figure of the report, then attach and status on a run without an engine."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 20_000, "mariadb")
    began = time.time() * 1000
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    equal(engine.ended(300), EXIT["fine"], "exit code")
    same(scene, source, target)
    folder = engine.home / engine.name
    whole = json.loads((folder / "report.json").read_text())
    report, times = whole["report"], whole["report"]["times"]
    order = [times[key] for key in ("started_ms", "copied_ms", "in_sync_ms", "verified_ms", "ended_ms")]
    check(order == sorted(order) and order[0] >= began - 2000, f"times are out of order: {times}")
    equal((times["starts"], times["answers"]), (1, 0), "starts and answers")
    counted = dict(source.query("SELECT CONCAT('tg_it.', table_name), 1 FROM information_schema.tables WHERE table_schema = 'tg_it'"
                                " AND table_type = 'BASE TABLE'"))
    check(report["longest"] and all(one["name"] in counted and one["ms"] >= 0 for one in report["longest"]), f"longest: {report['longest']}")
    for one in report["longest"]:
        schema, table = one["name"].split(".")
        equal(one["rows"], int(source.query(f"SELECT COUNT(*) FROM `{schema}`.`{table}`")[0][0]), f"rows of {one['name']} in the report")
        equal(one["state"], "verified", f"state of {one['name']} in the report")
    equal((whole["tables"]["verified"], whole["tables"]["different"]), (len(counted), 0), "tables compared")
    sql = "\n".join(one["sql"] for one in report["cleanup"])
    check("DROP DATABASE tidegate_meta;" in sql and "DROP USER 'root'" not in sql, f"the clean-up: {sql}")
    check("DROP DATABASE tidegate_meta;" in (folder / "report.md").read_text(), "the clean-up is not in report.md")
    check(target.query("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'tidegate_meta'")[0][0] in (1, "1"),
          "the ledger is gone: the clean-up was run")
    equal(engine.status()["state"], "finished", "status of a run that is over")
    receipt = tidegate("attach", engine.name, "--run-dir", engine.home)
    equal(receipt.returncode, EXIT["fine"], f"attach without a terminal: {receipt.stdout}")
    check(f"Verified {len(counted)} of {len(counted)} equal" in receipt.stdout and "report.txt" in receipt.stdout, receipt.stdout)


@case()
def test_report_page(scene: Scene):
    """The page in a terminal: its figures, the clean-up SQL, and the receipt on the normal screen."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 2_000, "mariadb")
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    equal(engine.ended(300), EXIT["fine"], "exit code")
    window = scene.add(Terminal("attach", engine.name, "--run-dir", engine.home))
    window.wait("Tables that took the longest")
    window.type("u")
    window.wait("DROP DATABASE tidegate_meta;")

    def has_left():  # Esc closes the box, which is deaf at first; q is a way out only then
        if window.process.poll() is None:
            os.write(window.master, b"\x1b")
            window.shows("")
            os.write(window.master, b"q")
        return window.shows("again   tidegate attach it")
    wait_for(has_left, 20, "the receipt")
    check(window.shows("Verified "), "the receipt does not speak of the verdict")
    wait_for(lambda: window.process.poll() is not None, 20, "the window's end")
    equal(window.process.returncode, EXIT["fine"], "exit code of attach")


def ask_verify(engine):
    """What the key v sends."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(engine.home / engine.name / "run.sock"))
        s.settimeout(20)
        s.sendall(b'{"id":7,"cmd":"verify","args":{}}\n')
        for line in s.makefile():
            if json.loads(line).get("id") == 7:
                check(json.loads(line)["ok"], line)
                return


def states(snapshot):
    return {one["name"]: one["state"] for one in snapshot["table_list"]}


@case()
def test_verify_on_demand(scene: Scene):
    """A comparison in the middle of a run: open while the source moves, PASS when it stands, FAIL for a row that was changed
    at the target behind the run's back; the run goes on through all of it."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 20_000, "mariadb")
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    ask_verify(engine)
    moving = engine.until(lambda snapshot: snapshot["verdict"] and snapshot["state"] == "in-sync", 120, "a verdict under writes")
    check(moving["verdict"].startswith("not verified"), f"the verdict while the source moves: {moving['verdict']}")
    check("different" not in states(moving).values() and not moving["tables"]["different"], f"tables differ by a moving source: {states(moving)}")
    writer.stop()
    engine.until_applied(position(source))
    ask_verify(engine)
    still = engine.until(lambda snapshot: snapshot["verdict"] == "PASS" and snapshot["state"] == "in-sync", 120, "PASS")
    equal((still["tables"]["verified"], still["tables"]["different"]), (still["tables"]["total"], 0), "tables compared")
    same(scene, source, target)
    target.query("DELETE FROM tg_it.accounts LIMIT 1")
    ask_verify(engine)
    wrong = engine.until(lambda snapshot: snapshot["verdict"].startswith("FAIL") and snapshot["state"] == "in-sync", 120, "FAIL")
    equal(states(wrong)["tg_it.accounts"], "different", "state of the table that lost a row")
    equal(wrong["tables"]["different"], 1, "tables that differ")
    check("TG-6101" in engine.text() and "differs: " in engine.text(), "the log does not name the difference")
    engine.stop()


@case()
def test_stopped_is_not_finished(scene: Scene):
    """A run that was stopped has a report, and is no finished run; a killed one has none of an earlier engine."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source.port, 5_000, "mariadb")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    engine.stop()
    equal(engine.status()["state"], "stopped", "status")
    check(engine.status()["tables"]["total"] > 0, "what is known of a stopped run is not told")
    answer = tidegate("attach", engine.name, "--run-dir", engine.home)
    check(answer.returncode != EXIT["fine"] and "resume" in answer.stdout, f"attach to a stopped run: {answer.stdout}")
    engine.start()
    engine.until_state("in-sync")
    check(not (engine.home / engine.name / "report.json").exists(), "the report of the engine before is still there")
    engine.kill()
    equal(engine.status()["state"], "stopped", "status after a kill")
    engine.start()
    engine.until_state("in-sync")
    engine.stop()
    times = json.loads((engine.home / engine.name / "report.json").read_text())["report"]["times"]
    equal(times["starts"], 3, "starts in the report")


if __name__ == "__main__":
    main()
