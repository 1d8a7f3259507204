# SPDX-License-Identifier: Apache-2.0
"""Cures by the tool itself, the records of them, and what a run's start makes of the checks."""

import json

from harness import EXIT, case, check, equal, same  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA

HOLDS = [("mysql97", "mysql97-file", "SUPER or SYSTEM_VARIABLES_ADMIN"), ("mysql56", "mysql56", "SUPER"), ("mariadb", "mariadb", "SUPER")]


def bench_of(scene, kind="mariadb", options=(), **job):
    bench = Bench(scene, scene.source(kind, options), scene.target("any"), **job)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB",
              f"INSERT INTO {SCHEMA}.t VALUES (1),(2),(3)")
    return bench


def records(bench):
    file = bench.engine.home / "check/cures.json"
    return json.loads(file.read_text()) if file.exists() else []


def says(text, *parts):
    for part in parts:
        check(part in text, f"{part!r} is missing in:\n{text}")


@case(for_each=HOLDS)
def what_a_cure_takes_is_told(scene, kind, privilege):
    """Before anybody presses a button: the statement's own privilege, where the job's user lacks it, and only there."""
    bench = bench_of(scene, kind)
    bench.sql(f"CREATE TABLE {SCHEMA}.old (id INT PRIMARY KEY) ENGINE=MyISAM", "CREATE USER reader@'%'", "CREATE USER changer@'%'",
              "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'", f"GRANT ALL ON {SCHEMA}.* TO changer@'%'")
    for user, needs in (("reader", "ALTER"), ("changer", None), ("root", None)):
        bench.job(source={"user": user})
        equal(bench.bad("table.engine", "fail")["cures"][0].get("needs"), needs, f"what the cure needs of {user}")


@case(for_each=[("mysql97", "mysql97-file"), ("mysql56", "mysql56"), ("mariadb", "mariadb")])
def what_a_variable_takes_is_enough(scene, kind):
    """The privilege that is told for SET GLOBAL is the whole of it: with just that one granted the cure runs."""
    bench = bench_of(scene, kind, source={"user": "reader"})
    bench.sql("CREATE USER reader@'%'", "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'")
    for check_id, number, name, bad in (("conn_number", 2, "max_connections", "10"), ("binlog_row_image", 1, "binlog_row_image", "'MINIMAL'")):
        bench.sql(f"SET GLOBAL {name} = {bad}")
        told = bench.bad(check_id, "fail")["cures"][number - 1]["needs"]
        equal(told.split()[0], {"mysql56": "SUPER", "mysql97-file": "SYSTEM_VARIABLES_ADMIN"}.get(
            kind, "CONNECTION" if name == "max_connections" else "BINLOG"), f"what {name} takes")
        bench.sql(f"GRANT {told} ON *.* TO reader@'%'")
        bench.cure(check_id, number=number)
        bench.good(check_id)
        bench.sql(f"REVOKE {told} ON *.* FROM reader@'%'")


@case(for_each=HOLDS)
def cure_by_this_user_or_another(scene, kind, privilege):
    bench = bench_of(scene, kind, source={"user": "reader"})
    bench.sql("CREATE USER reader@'%'", "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'",
              "CREATE USER admin@'%' IDENTIFIED BY 'right-W0rd'", "GRANT ALL ON *.* TO admin@'%'", "SET GLOBAL binlog_format = 'MIXED'")
    bench.bad("binlog_format", "fail", "MIXED", "binlog_format = 'ROW'")
    says(bench.tool("binlog_format", "--print"), "SET GLOBAL binlog_format = 'MIXED'")
    refused = bench.cure("binlog_format", code=EXIT["check"])
    says(refused, "TG-2103", privilege.split()[0], "nothing was changed")
    refused = bench.cure("binlog_format", as_user="admin", password="wrong-W0rd", code=EXIT["check"])
    says(refused, "TG-2102", "nothing was changed")
    refused = bench.tool("binlog_format", "--as", "admin", "--password-from", "right-W0rd", code=EXIT["usage"])
    check("right-W0rd" not in refused, f"the password is told:\n{refused}")
    equal(bench.variable("binlog_format"), "MIXED", "after three refusals")
    equal(records(bench), [], "records of what did not happen")
    done = bench.cure("binlog_format", as_user="admin", password="right-W0rd")
    says(done, "as admin", "undo    SET GLOBAL binlog_format = 'MIXED'", "after   ✓")
    equal(bench.variable("binlog_format"), "ROW", "after the cure")
    bench.good("binlog_format")
    one = records(bench)[0]
    equal((one["check"], one["user"], one["where"], one["undone_at"]),
          ("binlog_format", "admin", f"127.0.0.1:{bench.source.port}", None), "the record")
    says(one["undo"], "SET GLOBAL binlog_format = 'MIXED'")
    file = bench.engine.home / "check/cures.json"
    equal(file.stat().st_mode & 0o777, 0o600, "mode of cures.json")
    check("W0rd" not in file.read_text(), "a password is in the record")
    says(bench.cure("binlog_format"), "nothing to cure")
    says(bench.tool("binlog_format", "--undo", code=EXIT["check"]), "TG-2103", "0 of ")
    equal(bench.variable("binlog_format"), "ROW", "after an undo that was refused")
    bench.undo("binlog_format", as_user="admin", password="right-W0rd")
    bench.bad("binlog_format", "fail", "MIXED")
    check(records(bench)[0]["undone_at"], "the record is not closed")
    says(bench.tool("binlog_format", "--undo", code=EXIT["usage"]), "no cure of binlog_format is in force")


@case(for_each=HOLDS)
def cure_twice_undo_twice(scene, kind, _privilege):
    """The last one first; each back to exactly what was there before it."""
    bench = bench_of(scene, kind)
    for image in ("MINIMAL", "NOBLOB"):
        bench.sql(f"SET GLOBAL binlog_row_image = '{image}'")
        bench.bad("binlog_row_image", "fail", image)
        bench.cure("binlog_row_image")
        bench.good("binlog_row_image")
    bench.undo("binlog_row_image")
    equal(bench.variable("binlog_row_image"), "NOBLOB", "after the first undo")
    bench.undo("binlog_row_image")
    equal(bench.variable("binlog_row_image"), "MINIMAL", "after the second undo")
    bench.bad("binlog_row_image", "fail", "MINIMAL")


@case()
def cure_with_consent(scene):
    """What drops something wants the host's name typed; nothing happens without it."""
    bench = bench_of(scene)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE VIEW {SCHEMA}.t AS SELECT 1 AS id", at="target")
    bench.bad("target.extra", "fail", "DROP VIEW")
    for consent in (None, "target.extra", "yes"):
        says(bench.cure("target.extra", consent=consent, code=EXIT["usage"]), "TG-1001", "--consent 127.0.0.1", "DROP VIEW")
        equal(bench.target.query(f"SHOW FULL TABLES FROM {SCHEMA}"), (("t", "VIEW"),), "before the consent")
    equal(records(bench), [], "records of what did not happen")
    bench.job(checks={"accept": ["target.extra"]})
    bench.bad("target.extra", "fail", "without a reason")
    bench.job(checks={"accept": {"target.extra": "it goes tonight"}})
    equal(bench.bad("target.extra", "warn", "DROP VIEW")["accepted"], "it goes tonight", "the reason")
    bench.job()
    bench.cure("target.extra", consent="127.0.0.1")
    bench.good("target.extra")
    bench.undo("target.extra")
    bench.bad("target.extra", "fail", "DROP VIEW")
    equal(bench.target.query(f"SELECT id FROM {SCHEMA}.t"), ((1,),), "the view after the undo")


@case()
def cure_by_a_setting(scene):
    bench = bench_of(scene, options=["--skip-log-bin"])
    bench.bad("binlog_enable", "fail", "TG-2201")
    bench.tool("binlog_enable", "--cure", 1, code=EXIT["person"])
    says(bench.tool("binlog_enable", "--cure", 3, code=EXIT["usage"]), "cures 1 to 2")
    says(bench.tool("binlog_enable", "--cure", 2), "- mode: all", "+ mode: full", "--set 'mode=full'")
    bench.bad("binlog_enable", "fail")
    says(bench.tool("binlog_enable", "--cure", 2, "-o", bench.engine.file, code=EXIT["internal"]), "TG-9004", "exists")
    bench.cure("binlog_enable", 2)
    bench.bad("binlog_enable", "warn")
    bench.undo("binlog_enable")
    bench.bad("binlog_enable", "fail")
    equal(records(bench), [], "a setting changes no server")


@case()
def names_of_checks(scene):
    bench = bench_of(scene)
    bench.job(checks={"ignore": ["binlog_format", "empty_region", "auto_increment_ID", "downstream_mutex_features"],
                      "accept": ["geometry-as-bytes", "binlog_enable: we know"]})
    bench.good("job.checks")
    bench.good("binlog_enable")
    bench.job(checks={"ignore": ["binlog_fromat"], "accept": ["source.tsl: a tunnel is between", "no-such-thing: at all"]})
    bench.bad("job.checks", "warn", 'did you mean \\"binlog_format\\"', 'did you mean \\"source.tls\\"', 'no check \\"no-such-thing\\"')


# ---- a run's start ----------------------------------------------------------------------------------------

def ends(engine, code, *parts):
    engine.start()
    equal(engine.ended(60), code, f"exit code:\n{engine.text()[-3000:]}\n")
    says(engine.text(), *parts)


def report(engine):
    text = (engine.home / engine.name / "report.txt").read_text()
    return text, json.loads((engine.home / engine.name / "report.json").read_text())["report"]


def untouched(bench):
    found = [row[0] for row in bench.target.query("SHOW DATABASES")]
    check("tidegate_meta" not in found and SCHEMA not in found, f"something was written at the target: {found}")


@case()
def start_refused_by_a_check(scene):
    bench = bench_of(scene, mode="full", road={"until": "copied"})
    bench.sql("SET GLOBAL binlog_format = 'STATEMENT'", "SET GLOBAL binlog_row_image = 'MINIMAL'")
    ends(bench.engine, EXIT["check"], "TG-2202", "binlog_format is STATEMENT", "binlog_row_image is MINIMAL")
    text, parts = report(bench.engine)
    says(text, "Checks at the start", "failed: binlog_format is STATEMENT")
    equal([one["name"] for one in parts["checks"]], ["binlog_format", "binlog_row_image"], "failed checks in the report")
    untouched(bench)
    bench.job(checks={"accept": {"binlog_format": "we write rows anyway"}})
    bench.bad("binlog_format", "fail", "no reason makes this run possible")
    ends(bench.engine, EXIT["check"], "TG-2202")
    untouched(bench)
    bench.job(checks={"ignore": ["all"]})  # the engine's own last look stays
    ends(bench.engine, EXIT["check"], "checks.ignore: all", "TG-2202")
    bench.job()
    bench.cure("binlog_format")
    bench.cure("binlog_row_image")
    ends(bench.engine, EXIT["fine"])
    same(scene, bench.source, bench.target)


@case()
def start_tells_in_the_report(scene):
    """What was accepted and why, warnings, cures with their undo, undone ones; a later engine of the run as well."""
    bench = bench_of(scene, road={"until": "cutover"})
    bench.sql("SET GLOBAL binlog_format = 'MIXED'", "SET GLOBAL binlog_row_image = 'NOBLOB'")
    bench.cure("binlog_format")
    bench.cure("binlog_row_image")
    bench.undo("binlog_row_image")
    bench.sql("SET GLOBAL binlog_row_image = 'FULL'")
    bench.job(checks={"ignore": ["of_another_tool"], "accept": [{"job.checks": "this file serves two tools, and \"both\" read it"}]})
    for begins in (True, False):
        bench.engine.start()
        bench.engine.until_state("in-sync", seconds=60)
        bench.engine.stop()
        text, parts = report(bench.engine)
        accepted = [one["text"] for one in parts["checks"] if one["name"] == "job.checks"]
        equal(len(accepted), 1, f"lines about job.checks in {parts['checks']}")
        says(accepted[0], 'accepted (this file serves two tools, and "both" read it)', "of_another_tool")
        cures = {name: " ".join(one["text"] for one in parts["cures"] if one["name"] == name) for name in ("binlog_format", "binlog_row_image")}
        says(cures["binlog_format"], "still in force; undo: SET GLOBAL binlog_format = 'MIXED'")
        says(cures["binlog_row_image"], "SET GLOBAL binlog_row_image = 'FULL'", "undone (")
        says(text, "Cures that were applied", "still in force; undo: SET GLOBAL binlog_format = 'MIXED'", "Checks at the start")
        equal("checks are for its start only" in bench.engine.text(), not begins, "a resumed run checks nothing")
    bench.undo("binlog_format")
    equal(bench.variable("binlog_format"), "MIXED", "after the undo")
    same(scene, bench.source, bench.target)


@case()
def start_stopped_while_it_checks(scene):
    source = scene.source("mariadb")
    proxy = scene.proxy(source)
    bench = Bench(scene, proxy, scene.target("any"))
    source.query(f"CREATE DATABASE {SCHEMA}")
    source.query(f"CREATE TABLE {SCHEMA}.t (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB")
    held = proxy.hold("SHOW GLOBAL VARIABLES")
    bench.engine.start()
    held.wait()
    bench.engine.until_state("planned", seconds=20)
    done = bench.engine.control("stop", "--timeout", 0)
    held.release()
    equal(bench.engine.ended(20), EXIT["resumable"], f"exit code, {done.stdout}")
    untouched(bench)
