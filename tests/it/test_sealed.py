#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Passwords in an encrypted file beside the job: made by the wizard in lines, opened headless, by a person, and after a kill.

The passwords are needed: both servers refuse a login without them. Neither they nor the passphrase lie in a file below the run's directory or the job's, nor
in a command line or an environment of an engine."""

import json
import os
import pty
import shutil
import stat
import subprocess
from pathlib import Path

from harness import EXIT, TIDEGATE, Scene, case, check, equal, main, same, tidegate, wait_for  # noqa: I001  (sets the path)
from test_plain import Person, ask, walk

SECRETS = {"source": "s0urce-Xyz-77", "target": "t4rget-Uvw-88"}
PASSPHRASE = "correct horse battery"
ROWS = 500


def fill(source, target):
    """Users with passwords at both ends; the root of each is left alone."""
    source.query(f"CREATE USER mover IDENTIFIED BY '{SECRETS['source']}'")
    source.query("GRANT ALL ON *.* TO mover WITH GRANT OPTION")
    target.query(f"CREATE USER mover IDENTIFIED BY '{SECRETS['target']}'")
    target.query("GRANT ALL ON *.* TO mover WITH GRANT OPTION")
    source.query("CREATE DATABASE tg_it")
    source.query("CREATE TABLE tg_it.a (id INT PRIMARY KEY, t VARCHAR(40))")
    source.query(f"INSERT INTO tg_it.a SELECT seq, CONCAT('row ', seq) FROM tg_it.seq_1_to_{ROWS}")


def runs_to_its_end(scene, person, source, target):
    """The box of Start is open, in lines mode."""
    person.say("2")
    check(person.read(lambda text: "The run is over. report tells" in text), person.says[-2000:])
    person.say("quit")
    person.end()
    same(scene, source, target)
    hidden(scene)


def hidden(scene):
    """No file of the job or of its runs holds a password or the passphrase (but the one that a test wrote for it)."""
    looked = 0
    for path in scene.home.rglob("*"):
        if path.is_file() and path.name != "passphrase":
            text = path.read_bytes()
            looked += 1
            for word in (*SECRETS.values(), PASSPHRASE):
                check(word.encode() not in text, f"{word} in {path}")
    check(looked >= 2, "there was nothing to look at")


def bare(pid):
    for part in ("cmdline", "environ"):
        text = Path(f"/proc/{pid}/{part}").read_bytes()
        for word in (*SECRETS.values(), PASSPHRASE):
            check(word.encode() not in text, f"{word} in {part} of the engine")


def sealed_job(scene, source, target, mode="one full copy"):
    """Saves a job by answering the pages; returns its path."""
    person = Person(scene, "--plain", terminal=True)
    walk(person, {("Source", "Kind"): "MariaDB", ("Source", "Host"): "127.0.0.1", ("Source", "Port"): str(source.port), ("Source", "User"): "mover",
                  ("Source", "Password"): SECRETS["source"], ("Source", "TLS"): "off", ("Target", "Host"): "127.0.0.1", ("Target", "Port"): str(target.port),
                  ("Target", "TLS"): "off", ("Target", "User"): "mover", ("Target", "Password"): SECRETS["target"],
                  ("Scope", "list, find"): ["unpick all", "pick tg_it"], ("Route", "Mode"): mode, ("Review", "Name"): "sealed-run"})
    ask(person, "1")                  # Save
    check("Encrypted …" in person.says, person.says[-500:])
    check("Passphrase" in ask(person, "2") + ask(person, "shop.yaml") + ask(person, "1"), person.says[-900:])
    check("can't be recovered" in person.says and "tidegate run shop.yaml --passphrase-from file:PATH" in person.says, person.says[-900:])
    ask(person, PASSPHRASE)
    check("not the same" in ask(person, "something else"), person.says[-500:])
    ask(person, "1")
    ask(person, PASSPHRASE)
    check("saved as shop.yaml; the passwords are in" in ask(person, PASSPHRASE), person.says[-500:])
    check("the passwords are in" in person.says and PASSPHRASE not in person.says, "the passphrase was seen")
    person.say("quit")
    while person.process.poll() is None and person.prompt() is not None:
        person.say("2")
    job = scene.home / "shop.yaml"
    text = job.read_text()
    check("${sealed:shop.sealed#source}" in text and "${sealed:shop.sealed#target}" in text, text)
    equal(stat.S_IMODE((scene.home / "shop.sealed").stat().st_mode), 0o600, "mode of the encrypted file")
    hidden(scene)
    (scene.home / "passphrase").write_text(PASSPHRASE + "\n")
    return job


def failure(id_, *arguments, env=None):
    done = tidegate(*arguments, env=env)
    check(done.returncode == EXIT["usage"] and id_ in done.stdout and "cure" in done.stdout, done.stdout)


@case()
def test_save_check_run(scene: Scene):
    """From the wizard to a copy without a person; every way to fail is told by its own id."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source, target)
    job = sealed_job(scene, source, target)
    given = ("--passphrase-from", f"file:{scene.home}/passphrase")
    runs = ("--run-dir", scene.home / "runs")
    failure("TG-1014", "check", job, "--passphrase-from", "env:TG_PHRASE", env={"TG_PHRASE": "wrong horse"})
    failure("TG-1007", "check", job, "--passphrase-from", "env:TG_NOT_SET")
    failure("TG-1001", "check", job, "--passphrase-from", "correct horse battery")
    done = tidegate("check", job, *given)
    check(done.returncode == EXIT["fine"], done.stdout)
    moved = scene.home / "moved"      # both files together, from another directory
    moved.mkdir()
    for name in ("shop.yaml", "shop.sealed"):
        shutil.copy(scene.home / name, moved / name)
    done = tidegate("check", moved / "shop.yaml", "--passphrase-from", "env:TG_PHRASE", env={"TG_PHRASE": PASSPHRASE})
    check(done.returncode == EXIT["fine"], done.stdout)
    text = (moved / "shop.sealed").read_text()
    (moved / "shop.sealed").write_text(text.replace("data ", "data A", 1))
    failure("TG-1013", "check", moved / "shop.yaml", *given)
    (moved / "shop.sealed").write_text(text.replace("n=65536", "n=1073741824"))
    failure("TG-1013", "check", moved / "shop.yaml", *given)
    (moved / "shop.sealed").unlink()
    failure("TG-1012", "check", moved / "shop.yaml", *given)
    failure("TG-1015", "check", job, *given, "--set", f"target.password=${{sealed:{scene.home}/shop.sealed#absent}}")
    done = tidegate("run", job, *runs, *given, timeout=120)
    check(done.returncode == EXIT["fine"], done.stdout)
    same(scene, source, target)
    done = tidegate("verify", job, *given, timeout=120)
    check(done.returncode == EXIT["fine"], done.stdout)
    hidden(scene)


def status(scene):
    done = tidegate("status", "sealed-run", "--json", "--run-dir", scene.home / "runs")
    return json.loads(done.stdout) if done.returncode == 0 else {}


def engine_of(scene):
    """The process that holds the run; it is asked for nothing here, only looked at."""
    return int((scene.home / "runs/sealed-run/pid").read_text().split()[0])


class AtTerminal(Person):
    """Somebody at a command's controlling terminal, which is where a passphrase is asked for."""

    def __init__(self, scene, *words):
        self.says, self.seen = "", 0
        self.out, slave = pty.openpty()
        self.into = self.out
        self.process = subprocess.Popen(["setsid", "--ctty", "--wait", str(TIDEGATE), *map(str, words)], stdin=slave, stdout=slave, stderr=slave, cwd=scene.home)
        os.close(slave)
        scene.add(self)


def answer(person, *lines):
    for line in lines:
        seen = len(person.says)
        check(person.read(lambda text, seen=seen: "(not shown): " in text[seen:]), person.says)
        person.say(line)
    return person.end()


@case()
def test_kill_and_resume(scene: Scene):
    """A detached engine has its passwords through a pipe; after kill -9 the passphrase is wanted again, from an option or a person."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source, target)
    job = sealed_job(scene, source, target, mode="copy, then follow")
    runs = ("--run-dir", scene.home / "runs")
    done = tidegate("run", job, "--detach", *runs, "--passphrase-from", "env:TG_PHRASE", env={"TG_PHRASE": PASSPHRASE})
    check(done.returncode == EXIT["fine"], done.stdout)
    killed = []

    def kill():
        pid = engine_of(scene)
        bare(pid)
        os.kill(pid, 9)
        killed.append(pid)
        wait_for(lambda: status(scene).get("state") == "stopped", 30, "the engine's end")

    class Last:
        """Whatever fails, no engine stays."""

        def discard(self):
            tidegate("stop", "sealed-run", *runs)
    scene.add(Last())
    wait_for(lambda: status(scene).get("state") == "in-sync", 120, "the first consistent point")
    kill()
    source.query("UPDATE tg_it.a SET t = 'after the first' WHERE id <= 10")
    failure("TG-1014", "resume", "sealed-run", *runs, "--passphrase-from", "env:TG_PHRASE", env={"TG_PHRASE": "wrong horse"})
    os.rename(job, scene.home / "job-of-another-name.yaml")  # the run has its own copy, which finds the file all the same
    done = tidegate("resume", "sealed-run", *runs, "--passphrase-from", f"file:{scene.home}/passphrase")
    check(done.returncode == EXIT["fine"], done.stdout)
    wait_for(lambda: status(scene).get("state") == "in-sync", 120, "in sync again")
    kill()
    source.query("DELETE FROM tg_it.a WHERE id BETWEEN 11 AND 20")
    person = AtTerminal(scene, "resume", "sealed-run", *runs)
    equal(answer(person, "wrong horse", PASSPHRASE), EXIT["fine"], f"exit code of resume with a person\n{person.says}\nwhich")
    check("Passphrase of" in person.says and person.says.count("Passphrase of") == 2, person.says)  # once a file, not once a password
    check("does not fit" in person.says and PASSPHRASE not in person.says, person.says)
    wait_for(lambda: target.query("SELECT COUNT(*) FROM tg_it.a")[0][0] == ROWS - 10, 120, "what was deleted meanwhile")
    bare(engine_of(scene))
    check(len(set(killed)) == 2, f"engines {killed}")
    done = tidegate("stop", "sealed-run", *runs, timeout=150)
    check(done.returncode in (EXIT["fine"], EXIT["resumable"]), done.stdout)
    same(scene, source, target)
    hidden(scene)


@case()
def test_wizard_opens(scene: Scene):
    """The wizard asks for the passphrase where a job with such a file is opened, and can start it then."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source, target)
    job = sealed_job(scene, source, target)
    person = Person(scene, job, "--plain", terminal=True)
    check("Choose" in person.prompt() and "The passwords are encrypted" in person.says, person.says)
    ask(person, "1")
    check("does not fit" in ask(person, "wrong horse"), person.says[-500:])
    ask(person, "1")
    check("the passwords are open" in ask(person, PASSPHRASE), person.says[-500:])
    check(PASSPHRASE not in person.says, "the passphrase was seen")
    person.say("")
    walk(person, {})
    check("no password was typed here" in ask(person, "seal other.yaml"), person.says[-500:])
    check("Not yet" in ask(person, "4"), person.says[-500:])
    runs_to_its_end(scene, person, source, target)


@case()
def test_not_now_in_lines(scene: Scene):
    """Who answers "Not now" is asked again wherever a password is needed: at a test, at the tables, at the checks."""
    source, target = scene.source("mariadb"), scene.target("any")
    fill(source, target)
    person = Person(scene, sealed_job(scene, source, target), "--plain", terminal=True)
    box = "The passwords are encrypted"

    def asked(since):
        check(box in person.says[since:] and "TG-1014" not in person.says, person.says[since:])

    check("Choose" in person.prompt() and box in person.says, person.says)
    since = len(person.says)
    person.say("2")                   # Not now
    while "Test it now" not in (words := person.prompt()):
        check("Choose" in words or person.page in ("Start", "Source"), words)
        person.say("")
    check(box not in person.says[since:], "asked before anything needed a password")
    since = len(person.says)
    person.say("")
    check("Choose" in person.prompt(), person.says[since:])
    asked(since)
    person.say("2")
    since = len(person.says)
    walk(person, {("Source", "Test it now"): "no", ("Path", "Test it now"): "no", ("Target", "Test it now"): "no", ("Target", "They lie in"): "2"}, last="Scope")
    asked(since)
    since = len(person.says)
    ask(person, "look")
    asked(since)
    ask(person, "2")
    since = len(person.says)
    person.say("")
    walk(person, {("Scope", "They lie in"): "2", ("Route", "They lie in"): "2"}, last="Checks")
    asked(since)
    since = len(person.says)
    ask(person, "r")
    asked(since)
    ask(person, "1")
    check("the passwords are open" in ask(person, PASSPHRASE) and "fail" in person.says[since:], person.says[since:])
    since = len(person.says)
    person.say("")
    walk(person, {})
    ask(person, "4")                  # Start
    check(box not in person.says[since:], "asked once more")
    runs_to_its_end(scene, person, source, target)


if __name__ == "__main__":
    main()
