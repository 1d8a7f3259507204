# SPDX-License-Identifier: Apache-2.0
"""The target as a server, and what stands in the places of the run's tables."""

import subprocess

from harness import EXIT, case, check, equal  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA

T = f"{SCHEMA}.t"
TABLES = (f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {T} (id INT PRIMARY KEY, v VARCHAR(40), big LONGBLOB) ENGINE=InnoDB",
          f"CREATE TABLE {SCHEMA}.bare (a INT, b INT) ENGINE=InnoDB", f"INSERT INTO {T} VALUES (1, 'x', '')",
          f"CREATE TABLE {SCHEMA}.child (id INT PRIMARY KEY, t INT, FOREIGN KEY fk_t (t) REFERENCES t (id)) ENGINE=InnoDB")
HOST = "127.0.0.1"


def round_trip(bench, name, state, *parts, number=1, **how):
    """bad -> the tool cures it -> good -> the tool takes it back -> bad."""
    bench.bad(name, state, *parts)
    bench.cure(name, number, **how)
    bench.good(name)
    user = {key: how[key] for key in ("as_user",) if key in how}
    bench.undo(name, **user)
    bench.bad(name, state, *parts)


def settings(bench, name, value, before):
    bench.sql(f"SET GLOBAL {name} = {value}", at="target")
    return lambda: bench.sql(f"SET GLOBAL {name} = {before}", at="target")


def role(bench, kind):
    bench.good("target.role")
    if kind == "mariadb":  # root's own sessions pass by it there
        bench.sql("CREATE USER low", f"GRANT ALL ON {SCHEMA}.* TO low", "GRANT ALL ON tidegate_meta.* TO low", at="target")
        bench.job(target={"user": "low"})
    variable = {"tidb": "tidb_restricted_read_only", "mariadb": "read_only", "mysql97": "super_read_only"}[kind]
    bench.sql(f"SET GLOBAL {variable} = ON", at="target")
    round_trip(bench, "target.role", "fail", "TG-3104", variable if kind == "tidb" else "read-only", consent=HOST, as_user="root")
    for name in (variable, *{"tidb": ["tidb_super_read_only"], "mysql97": ["read_only"]}.get(kind, [])):
        bench.sql(f"SET GLOBAL {name} = OFF", at="target")
    bench.job()
    bench.good("target.role")


def privileges(bench, kind):
    bench.good("target_privilege")
    bench.sql("CREATE USER some", f"GRANT SELECT, INSERT ON {SCHEMA}.* TO some", at="target")
    bench.job(target={"user": "some"})
    wanted = ["TG-3103", "tidegate_meta: no CREATE", f"{SCHEMA}: no DELETE: rows can't be written", f"{SCHEMA}: no CREATE"]
    wanted += ["performance_schema.threads: no SELECT"] if kind == "mysql97" else []
    round_trip(bench, "target_privilege", "fail", *wanted, as_user="root")
    check("GRANT" in bench.last["target_grants"], "no block of grants for the target")
    bench.cure("target_privilege", as_user="root")
    bench.sql(f"CREATE DATABASE IF NOT EXISTS {SCHEMA}", at="target", user="some")  # the grants are what they say
    bench.good("target_privilege")
    bench.sql(f"DROP DATABASE {SCHEMA}", at="target")
    bench.job()


def connections(bench, kind):
    bench.good("target.conn_number")
    back = settings(bench, "max_connections", 12, {"tidb": 0}.get(kind, 151))
    round_trip(bench, "target.conn_number", "fail", "TG-3101", "takes 12 connections")
    round_trip(bench, "target.conn_number", "fail", "TG-3101", number=2)
    back()
    bench.good("target.conn_number")


def packets(bench, kind):
    if kind == "mariadb":
        round_trip(bench, "target.settings", "warn", "longer rows can't be written")
        bench.cure("target.settings")
    bench.good("target.settings")
    before = bench.target.query("SELECT @@global.max_allowed_packet")[0][0]
    back = settings(bench, "max_allowed_packet", 1048576, before)
    round_trip(bench, "target.settings", "warn", "TG-6103", "max_allowed_packet")
    settings(bench, "max_allowed_packet", 8388608, before)
    round_trip(bench, "target.settings", "warn", "longer rows can't be written")
    back()
    if kind != "mariadb":
        back = settings(bench, "sql_require_primary_key", "ON", "OFF")
        round_trip(bench, "target.settings", "fail", f"{SCHEMA}.bare has no primary key")
        round_trip(bench, "target.settings", "fail", number=2)
        back()
    if kind == "tidb":
        back = settings(bench, "tidb_enable_foreign_key", "OFF", "ON")
        round_trip(bench, "target.settings", "warn", "1 foreign keys")
        back()
    else:
        back = settings(bench, "local_infile", "OFF", "ON")
        check("INSERT" in bench.good("target.settings")["extra"], "LOAD DATA that is refused is not told")
        back()
    bench.good("target.settings")


def rows_there(bench, kind):
    name = "downstream_table_empty"
    bench.good(name)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {T} (id INT PRIMARY KEY, v VARCHAR(40), big LONGBLOB)", at="target")
    equal(bench.good(name)["found"], "1 there, all empty", "an empty table at the target")
    bench.sql(f"INSERT INTO {T} VALUES (7, 'seven', '')", at="target")
    bench.bad(name, "fail", "TG-3110", f"{T} at the target holds rows")
    for number, part in ((1, "(append)"), (3, "(replace)"), (4, "dropped with its rows")):
        bench.cure(name, number)
        bench.bad(name, "warn", part)
        bench.undo(name)
    round_trip(bench, name, "fail", "TG-3110", number=2)  # leave it out
    bench.job(answers={f"TG-3110@{T}": "replace"})
    bench.bad(name, "warn", "(replace)")
    bench.job()
    equal(bench.target.query(f"SELECT v FROM {T}"), (("seven",),), "rows at the target after all these looks")
    bench.sql(f"DROP DATABASE {SCHEMA}", at="target")


def shapes(bench, kind):
    name = "target.shape"
    bench.good(name)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {T} (id INT NOT NULL, v VARCHAR(10), big BLOB)", at="target")
    before = bench.target.query(f"SHOW CREATE TABLE {T}")
    round_trip(bench, name, "fail", "TG-3114", "column v is varchar(10)", "column big is blob", "no unique key like PRIMARY", number=3, consent=HOST)
    equal(bench.target.query(f"SHOW CREATE TABLE {T}"), before, "the table after the undo")
    bench.sql(f"INSERT INTO {T} VALUES (1, 'x', '')", at="target")
    round_trip(bench, name, "fail", "TG-3114", number=2)  # leave it out
    round_trip(bench, name, "fail", "TG-3114", number=3)  # existing: drop
    bench.sql(f"DROP TABLE {T}", f"CREATE TABLE {T} (id BIGINT PRIMARY KEY, v VARCHAR(60), big LONGBLOB) DEFAULT CHARSET utf8mb4", at="target")
    bench.good(name)
    bench.job(mode="incremental", source={"start": {"file": "x.000001", "pos": 4}})
    bench.bad(name, "fail", f"{SCHEMA}.bare is not at the target")
    bench.job()
    bench.sql(f"DROP DATABASE {SCHEMA}", at="target")


def extras(bench, kind):
    name = "target.extra"
    bench.good(name)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {T} (id INT PRIMARY KEY, v VARCHAR(40), big LONGBLOB, more VARCHAR(9) NOT NULL COMMENT 'it''s') DEFAULT CHARSET utf8mb4",
              at="target")
    before = bench.target.query(f"SHOW CREATE TABLE {T}")
    round_trip(bench, name, "fail", "TG-3114", "column more is not at the source")
    equal(bench.target.query(f"SHOW CREATE TABLE {T}"), before, "the table after the undo")
    bench.sql(f"ALTER TABLE {T} DROP COLUMN more", f"CREATE VIEW {SCHEMA}.bare AS SELECT id, v FROM {T}", at="target")
    before = bench.target.query(f"SHOW CREATE VIEW {SCHEMA}.bare")
    round_trip(bench, name, "fail", "TG-3114", "is a VIEW, not a table", consent=HOST)
    equal(bench.target.query(f"SHOW CREATE VIEW {SCHEMA}.bare"), before, "the view after the undo")
    bench.sql(f"DROP VIEW {SCHEMA}.bare", f"ALTER TABLE {T} ADD UNIQUE KEY u (v)", at="target")
    bench.bad(name, "warn", "no unique key like u")
    bench.sql(f"ALTER TABLE {T} DROP KEY u", at="target")
    bench.good(name)
    if kind == "tidb":
        bench.sql(f"DROP TABLE {T}", f"CREATE TABLE {T} (id INT PRIMARY KEY, v VARCHAR(40), big LONGBLOB, at DATETIME) TTL = at + INTERVAL 1 DAY", at="target")
        round_trip(bench, name, "warn", "TTL")
    else:
        bench.sql("SET SESSION sql_log_off = 1",  # TiDB's parser, which judges what is recorded, knows no triggers
                  f"CREATE TRIGGER {SCHEMA}.tr BEFORE INSERT ON {T} FOR EACH ROW SET NEW.v = 'y'", at="target")
        bench.bad(name, "fail", "trigger tr")
    bench.sql(f"DROP DATABASE {SCHEMA}", at="target")


def healthy(bench, kind):
    """A default server and an empty target give nothing to read."""
    told = [one for one in bench.run().values() if one["side"] == "target" or one["id"].startswith(("host.", "path."))]
    noisy = [one["id"] for one in told if one["state"] != "success"]
    known = ["target.settings"] if kind == "mariadb" else []  # packets of 16 MiB there, of 64 at the source, and a LONGBLOB
    check(len(told) > 15 and noisy == known, f"{kind}: {noisy}")
    equal(bench.good("target.version")["side"], "target", "side of target.version")


@case(for_each=[(kind, kind) for kind in ("tidb", "mariadb", "mysql97")])
def target_states(scene, kind):
    bench = Bench(scene, scene.source("mysql97-file"), scene.target(kind))
    bench.sql(*TABLES)
    for part in (healthy, role, privileges, connections, packets, rows_there, shapes, extras):
        part(bench, kind)


CONFIG = """server-version = "8.0.11-TiDB-{version}"
[performance]
txn-total-size-limit = {limit}
[security]
ssl-cert = "{folder}/cert.pem"
ssl-key = "{folder}/key.pem"
"""


@case()
def target_that_is_too_old(scene):
    """MySQL 5.6 can't hold the ledger; a run says so before it makes anything."""
    bench = Bench(scene, scene.source("mariadb"), scene.source("mysql56"))
    bench.sql(*TABLES)
    bench.bad("target.version", "fail", "767 bytes")


@case()
def target_of_another_build(scene):
    """What only a server's configuration decides: its version, limits, TLS."""
    config = scene.logs / "tidb.toml"
    config.write_text(CONFIG.format(version="v4.0.16", limit=16 << 20, folder=scene.logs))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tidb", "-addext",
                    f"subjectAltName=IP:{HOST}", "-keyout", scene.logs / "key.pem", "-out", scene.logs / "cert.pem"], check=True, capture_output=True)
    bench = Bench(scene, scene.source("mariadb"), scene.target("tidb", options=["-config", str(config)]))
    bench.sql(*TABLES)
    bench.bad("target.version", "fail", "older than 5.0")
    round_trip(bench, "target.limits", "fail", "TG-3112", "txn-total-size-limit")
    bench.job(target={"kind": "tidb-cloud"})
    bench.bad("target.cloud", "warn", "without TLS")
    bench.job(target={"kind": "tidb-cloud", "tls": {"verify": False}})
    bench.bad("target.cloud", "warn", "its certificate is not checked")
    bench.job(target={"kind": "tidb-cloud", "tls": {"verify": True, "ca": str(scene.logs / "cert.pem")}})
    bench.good("target.cloud")
    bench.job(target={"host": "gateway01.eu-central-1.prod.aws.tidbcloud.com"})
    bench.bad("target.cloud", "fail", "TG-3102", "takes no session without TLS", "lacks the prefix")
    bench.job()
    check(not bench.run("target.cloud")["target.cloud"]["applies"], "a TiDB of one's own is taken for TiDB Cloud")
    bench.target.stop()
    config.write_text(CONFIG.format(version="v6.1.0", limit=100 << 20, folder=scene.logs))
    bench.target.start()
    bench.bad("target.version", "warn", "foreign keys are parsed and not kept")
    bench.good("target.limits")


@case()
def runs_of_the_ledger(scene):
    bench = Bench(scene, scene.source("mariadb"), scene.target("any"), mode="full")
    bench.sql(*TABLES)
    bench.good("target.run")
    bench.engine.start()
    equal(bench.engine.ended(), EXIT["fine"], "exit code of the run")
    result = bench.bad("target.run", "warn", "has begun already", "finished")
    check("3 tables" in result["found"], f"the run's tables: {result['found']}")
    for name in ("downstream_table_empty", "target.shape"):
        check(not bench.run(name)[name]["applies"], f"{name} looks at the run's own tables")
    bench.cure("target.run")
    bench.good("target.run")  # another name; and the finished one is no rival
    bench.bad("downstream_table_empty", "fail", "TG-3110")
    bench.sql("UPDATE tidegate_meta.run SET state = 'copying'", at="target")
    bench.bad("target.run", "warn", "run check writes into")
    bench.undo("target.run")
    bench.sql("UPDATE tidegate_meta.source SET identity = 'another'", at="target")
    bench.bad("target.run", "fail", "began with source another")
