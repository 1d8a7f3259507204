#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input ends with an id, its cause, its cure and the right exit code; nothing is ever passed over in silence.

What an id promises is read from src/base/err_table.h, so the texts have one home.
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import EXIT, ROOT, Scene, case, check, equal, main, same, tidegate  # noqa: E402
from workload import SCHEMA  # noqa: E402

ROW = re.compile(r'^X\((ERR_\w+), "(TG-\d+)", \w+, (EXIT_\w+), "([^"]*)", "([^"]*)", "([^"]*)"\)', re.M)
CATALOGUE = {one[1]: one for one in ROW.findall((ROOT / "src/base/err_table.h").read_text())}


def small(server, rows=20):
    """A schema with one table, so that only the planted fault can stop a run."""
    server.query(f"CREATE DATABASE {SCHEMA}")
    server.query(f"CREATE TABLE {SCHEMA}.t (id INT NOT NULL PRIMARY KEY, x VARCHAR(20)) ENGINE=InnoDB")
    server.query(f"INSERT INTO {SCHEMA}.t VALUES " + ",".join(f"({n},'row {n}')" for n in range(rows)))


def flat(text):
    return " ".join(text.split())


def refused(code, output, identity, wanted):
    """The four things of every refusal: id, cause, cure, exit code."""
    cause, cure = CATALOGUE[identity][4:]
    check(identity in output, f"no {identity} in:\n{output}")
    for what, text in (("cause", cause), ("cure", cure)):
        check(flat(text) in flat(output), f"the {what} of {identity} ({text}) is missing in:\n{output}")
    equal(code, EXIT[wanted], f"exit code with {identity}:\n{output}")


def run_refused(engine, identity, wanted, seconds=90):
    engine.start()
    code = engine.ended(seconds)
    refused(code, engine.text(), identity, wanted)


def account(server, grants):
    """somebody, whose password is right."""
    server.query("CREATE USER somebody@'%' IDENTIFIED BY 'right'")
    for grant in grants:
        server.query(f"GRANT {grant} TO somebody@'%'")
    return "right"


def login(scene, password):
    """What makes a job's end log in as somebody."""
    file = scene.logs / "password"
    file.write_text(password + "\n")
    return {"user": "somebody", "password": f"${{file:{file}}}"}


# ---- connecting -------------------------------------------------------------------------------------------

@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid"), ("mysql56", "mysql56")])
def test_wrong_password_at_the_source(scene: Scene, kind):
    source, target = scene.source(kind), scene.target("any")
    small(source)
    account(source, ["ALL ON *.*"])
    run_refused(scene.engine(source, target, source=login(scene, "wrong")), "TG-2102", "check")


@case()
def test_wrong_password_at_the_target(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    account(target, ["ALL ON *.*"])
    run_refused(scene.engine(source, target, target=login(scene, "wrong")), "TG-3102", "check")


@case()
def test_right_password_from_a_file(scene: Scene):
    """So that the two above refuse the password and nothing else."""
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    right = account(source, ["ALL ON *.*"])
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}, source=login(scene, right)).start()
    equal(engine.ended(), EXIT["fine"], f"exit code: {engine.text()}")
    same(scene, source, target)
    check("right" not in engine.text().split(), "the password is in the output")


@case()
def test_password_variable_missing(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    run_refused(scene.engine(source, target, source={"password": "${env:TG_NO_SUCH_VARIABLE}"}), "TG-1007", "usage")


@case(for_each=[("source", "source", "TG-2101"), ("target", "target", "TG-3101")])
def test_unreachable_port(scene: Scene, end, identity):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    run_refused(scene.engine(source, target, **{end: {"port": 1}}), identity, "check")


@case(for_each=[("source", "source"), ("target", "target")])
def test_unknown_host(scene: Scene, end):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    run_refused(scene.engine(source, target, **{end: {"host": "no-such-host.invalid"}}), "TG-4101", "check")


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid")])
def test_target_is_the_source(scene: Scene, kind):
    """Two addresses of one server: with `existing: drop` its own tables would go. Nothing is written."""
    source = scene.source(kind)
    small(source)
    before = source.query("SHOW DATABASES")
    run_refused(scene.engine(source, scene.proxy(source), existing="drop"), "TG-3117", "check")
    equal(source.query("SHOW DATABASES"), before, "the schemas")
    equal(source.query(f"SELECT COUNT(*) FROM {SCHEMA}.t")[0][0], 20, "rows of the source")


@case()
def test_privilege_missing(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    right = account(source, [f"SELECT ON {SCHEMA}.*"])
    run_refused(scene.engine(source, target, source=login(scene, right)), "TG-2103", "check")


# ---- the source's settings and tables ---------------------------------------------------------------------

@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-file"), ("mysql56", "mysql56")])
def test_binlog_off(scene: Scene, kind):
    source, target = scene.source(kind, ["--skip-log-bin"]), scene.target("any")
    small(source)
    run_refused(scene.engine(source, target), "TG-2201", "check")


@case(for_each=[("statement", "--binlog-format=STATEMENT"), ("minimal", "--binlog-row-image=MINIMAL")])
def test_binlog_format(scene: Scene, option):
    source, target = scene.source("mariadb", [option]), scene.target("any")
    small(source)
    run_refused(scene.engine(source, target), "TG-2202", "check")


@case(for_each=[("geometry", "CREATE TABLE {}.odd (id INT NOT NULL PRIMARY KEY, g GEOMETRY)", "TG-2122", "tidb"),
                ("myisam", "CREATE TABLE {}.odd (id INT NOT NULL PRIMARY KEY) ENGINE=MyISAM", "TG-2108", "any")])
def test_table_refused(scene: Scene, statement, identity, into):
    source, target = scene.source("mariadb"), scene.target(into)
    small(source)
    source.query(statement.format(SCHEMA))
    engine = scene.engine(source, target)
    run_refused(engine, identity, "check")
    check(f"{SCHEMA}.odd" in engine.text(), "the table is not named")


@case()
def test_no_table(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    run_refused(scene.engine(source, target, allow={"include": ["tg_other.*"]}), "TG-2109", "check")


@case()
def test_target_not_empty(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    small(target, 1)
    run_refused(scene.engine(source, target), "TG-3110", "person")  # nobody answers
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.t")[0][0], 1, "rows at the target, untouched")


# ---- the configuration ------------------------------------------------------------------------------------

def job_refused(scene, text, identity, *mentioned):
    file = scene.logs / "bad.yaml"
    file.write_text(text)
    done = tidegate("run", file, "--run-dir", scene.home / "runs")
    refused(done.returncode, done.stdout, identity, "usage")
    for part in mentioned:
        check(part in done.stdout, f"{part!r} is missing in:\n{done.stdout}")


JOB = """version: 1
name: bad
mode: all
source:
  host: 127.0.0.1
  port: 3306
  user: root
target:
  host: 127.0.0.1
  port: 4000
  user: root
"""


@case()
def test_unknown_keys(scene: Scene):
    """Both at once, each with its line and column and the nearest key."""
    text = JOB.replace("  user: root\ntarget", "  usr: root\n  user: root\ntarget") + "limts:\n  writers: 8\n"
    job_refused(scene, text, "TG-1003", "bad.yaml:7:3", "usr", "user", "bad.yaml:13:1", "limts", "limits")


@case(for_each=[("port", JOB.replace("3306", "many"), "TG-1004", "bad.yaml:6"), ("mode", JOB.replace("mode: all", "mode: most"), "TG-1004", "bad.yaml:3"),
                ("incomplete", JOB.replace("  host: 127.0.0.1\n  port: 4000", "  port: 4000"), "TG-1005", "target"),
                ("not-yaml", JOB + "\t- ]{", "TG-1002", "bad.yaml:")])
def test_bad_value(scene: Scene, text, identity, mentioned):
    job_refused(scene, text, identity, mentioned)


@case()
def test_missing_file(scene: Scene):
    done = tidegate("run", scene.logs / "none.yaml", "--run-dir", scene.home / "runs")
    refused(done.returncode, done.stdout, "TG-1002", "usage")


@case()
def test_command_line(scene: Scene):
    for words in (["frobnicate"], ["run"], ["run", "--no-such-option", "x.yaml"]):
        done = tidegate(*words, env={"TIDEGATE_HOME": str(scene.home)})
        refused(done.returncode, done.stdout, "TG-1001", "usage")
    for verb in ("status", "pause", "resume", "stop"):
        done = tidegate(verb, "no-such-run", "--run-dir", scene.home)
        refused(done.returncode, done.stdout, "TG-1009", "usage")
    for word in ("--version", "--help"):
        done = tidegate(word)
        check(done.returncode == 0 and "tidegate" in done.stdout, f"{word}: {done.returncode} {done.stdout}")
    for verb in ("run", "status", "verify", "answer", "attach", "pause", "resume", "stop", "export", "demo", "check", "cure"):
        done = tidegate(verb, "--help")
        check(done.returncode == 0 and verb in done.stdout, f"{verb} --help: {done.returncode} {done.stdout}")


@case()
def test_second_engine(scene: Scene):
    source, target = scene.source("mariadb"), scene.target("any")
    small(source)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync", seconds=60)
    done = tidegate("run", engine.file, "--run-dir", engine.home)
    refused(done.returncode, done.stdout, "TG-1008", "usage")
    engine.until_state("in-sync", seconds=10)
    engine.stop()


# ---- events that this version does not know ----------------------------------------------------------------

XA = ["XA START 'x'", f"INSERT INTO {SCHEMA}.t VALUES (5002,'xa')", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"]
INSERT = f"INSERT INTO {SCHEMA}.t VALUES (5001,'unknown')"
EVENTS = [  # (name, source, statements in one session)
    ("compressed-transaction", "mysql97-gtid", ["SET SESSION binlog_transaction_compression=ON", INSERT]),
    ("partial-json", "mysql97-gtid", ["SET SESSION binlog_row_value_options=PARTIAL_JSON",
                                      f"UPDATE {SCHEMA}.j SET doc = JSON_SET(doc, '$.a', 2) WHERE id = 1"]),
    ("tagged-gtid", "mysql97-gtid", ["SET SESSION gtid_next='AUTOMATIC:tag'", INSERT]),
    ("statement", "mysql97-file", ["SET SESSION binlog_format=STATEMENT", INSERT]),
    ("statement-mariadb", "mariadb", ["SET SESSION binlog_format=STATEMENT", INSERT]),
    ("compressed-mariadb", "mariadb", ["SET GLOBAL log_bin_compress=ON", "SET GLOBAL log_bin_compress_min_len=10",
                                       f"INSERT INTO {SCHEMA}.t VALUES (5001,REPEAT('u',20)),(5003,REPEAT('u',20)),(5004,REPEAT('u',20))"]),
    ("xa", "mysql97-gtid", XA), ("xa-mariadb", "mariadb", XA)]


@case(for_each=EVENTS)
def test_unknown_event(scene: Scene, kind, statements):
    """The run stops with a person's exit code before anything behind the event is applied."""
    source, target = scene.source(kind), scene.target("any")
    small(source)
    if kind.startswith("mysql97"):
        source.query(f"CREATE TABLE {SCHEMA}.j (id INT NOT NULL PRIMARY KEY, doc JSON)")
        source.query(f"INSERT INTO {SCHEMA}.j VALUES (1,'{{\"a\": 1, \"pad\": \"{'p' * 300}\"}}')")
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync", seconds=60)
    connection = source.connect()
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()
    source.query(f"INSERT INTO {SCHEMA}.t VALUES (6000,'behind')")
    code = engine.ended(30)
    known = [identity for identity in ("TG-5103", "TG-2202") if identity in engine.text()]
    check(known, f"neither TG-5103 nor TG-2202 in:\n{engine.text()}")
    refused(code, engine.text(), known[0], "person" if known[0] == "TG-5103" else "check")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.t WHERE id >= 5000")[0][0], 0, "rows of or behind the event")
    engine.start()  # and the same command stops at the same place
    equal(engine.ended(60), code, "exit code of the second start")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.t WHERE id >= 5000")[0][0], 0, "rows after the second start")


if __name__ == "__main__":
    main()
