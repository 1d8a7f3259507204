#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""DM's own files against real servers: a task and its source are taken as they are, in both spellings and all modes."""

import os
import re
import subprocess

from harness import EXIT, TIDEGATE, Scene, case, check, equal, main, position, wait_for  # noqa: I001  (sets the path)
from bench.dm import Dm

USER, PASSWORD = "dm", "Plain-0-Text"
VARIABLE = "TG_TEST_DM_PASSWORD"

SOURCE_FILE = """source-id: "mysql-01"
enable-gtid: {gtid}
from:
  host: "127.0.0.1"
  port: {port}
  user: "{user}"
  password: "{password}"
"""

TASK_FILE = """name: "{name}"
task-mode: "{mode}"
target-database:
  host: "127.0.0.1"
  port: {port}
  user: "root"
  password: ""
mysql-instances:
- source-id: "mysql-01"
{meta}  {list}: "some"
  route-rules: ["schema", "table"]
  mydumper-config-name: "global"
  loader-config-name: "global"
  syncer-config-name: "global"
routes:
  schema: {{schema-pattern: "shop", target-schema: "moved"}}
  table: {{schema-pattern: "shop", table-pattern: "orders", target-schema: "moved", target-table: "all_orders"}}
{list}:
  some:
    do-dbs: ["shop"]
    ignore-tables:
    - {{db-name: "shop", tbl-name: "secret"}}
mydumpers:
  global: {{threads: 4, chunk-filesize: 64}}
loaders:
  global: {{pool-size: 16}}
syncers:
  global: {{worker-count: 16, batch: 100}}
"""


def fill(source):
    for statement in ("CREATE DATABASE shop", "CREATE DATABASE elsewhere",
                      "CREATE TABLE shop.orders (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
                      "CREATE TABLE shop.items (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
                      "CREATE TABLE shop.secret (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE elsewhere.t (id INT NOT NULL PRIMARY KEY)",
                      "INSERT INTO shop.orders VALUES (1,'a'),(2,'b')", "INSERT INTO shop.items VALUES (10,'x'),(11,NULL)",
                      "INSERT INTO shop.secret VALUES (1)", "INSERT INTO elsewhere.t VALUES (1)",
                      f"CREATE USER {USER}@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT ALL ON *.* TO {USER}@'%'"):
        source.query(statement)


def files(scene, engine, source, target, mode="full", meta="", filter="block-allow-list", gtid=False, password=PASSWORD,  # noqa: A002
          name=None):
    """Gives the engine DM's two files in place of a job."""
    task, origin = scene.logs / f"{engine.name}-task.yaml", scene.logs / f"{engine.name}-source.yaml"
    if meta:
        meta = "  meta:\n" + "".join(f"    {key}: {value}\n" for key, value in meta.items())
    task.write_text(TASK_FILE.format(name=name or engine.name, mode=mode, port=target.port, meta=meta, list=filter))
    origin.write_text(SOURCE_FILE.format(gtid=str(gtid).lower(), port=source.port, user=USER, password=password))
    engine.files = [task, origin]
    return engine


def tables(server, schema="moved"):
    return [row[0] for row in server.query(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}' ORDER BY 1")]


def check_moved(source, target):
    """Exactly the two tables that the lists allow are there, each with the rows of its source."""
    equal(tables(target), ["all_orders", "items"], "tables of the schema they were routed to")
    equal([tables(target, name) for name in ("shop", "elsewhere")], [[], []], "tables that were not routed")
    for old, new in (("orders", "all_orders"), ("items", "items")):
        equal(rows(target, f"moved.{new}"), rows(source, f"shop.{old}"), f"rows of {new}")


def rows(server, table):
    return server.query(f"SELECT * FROM {table} ORDER BY id")


def ended_well(engine):
    equal(engine.ended(120), EXIT["fine"], f"exit code of\n{engine.text()[-2000:]}\nwhich")
    check("PASS" in engine.text(), f"no PASS: {engine.text()[-2000:]}")


def until_rows(engine, target, wanted, table="moved.all_orders"):
    """Until the table holds these keys."""
    def there():
        check(engine.alive(), f"the engine ended: {engine.text()[-2000:]}")
        return [row[0] for row in rows(target, table)] == wanted
    try:
        wait_for(there, 60, f"keys {wanted}")
    except TimeoutError as late:
        raise AssertionError(f"{late}; found {rows(target, table)}") from late


@case(for_each=[("block-allow-list", "mariadb", "block-allow-list"), ("black-white-list", "mariadb", "black-white-list"),
                ("mysql97", "mysql97-gtid", "block-allow-list"), ("mysql56", "mysql56", "block-allow-list")])
def test_full(scene: Scene, kind, filter):  # noqa: A002
    """Mode full with routes and a list; a password in plain text is taken, warned of, and shown nowhere."""
    source, target = scene.source(kind), scene.target("any")
    fill(source)
    engine = files(scene, scene.engine(source, target, name="full-1"), source, target, filter=filter, name="Full_1").start()
    ended_well(engine)
    check_moved(source, target)
    warnings = [line for line in engine.text().splitlines() if "warning" in line and "plain text" in line]
    equal(len(warnings), 1, f"warnings of a plain-text password in {engine.text()[:2000]}")
    check("-source.yaml" in warnings[0], f"the warning does not say where: {warnings[0]}")
    shown = [path for path in [engine.log, *engine.home.rglob("*")] if path.is_file() and PASSWORD in path.read_text(errors="replace")]
    equal(shown, [], "files that show the password")


def incremental(scene, kind, start):
    """Follows from what start(source) answers: (meta, whether by GTID). What was before is not applied, also after a stop.

    The target gets its rows by hand, and lacks one: whoever applied older transactions again would bring it."""
    source, target = scene.source(kind), scene.target("any")
    fill(source)
    for statement in ("CREATE DATABASE moved", "CREATE TABLE moved.all_orders (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
                      "CREATE TABLE moved.items (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))",
                      "INSERT INTO moved.all_orders VALUES (1,'a')"):
        target.query(statement)
    meta, gtid, wanted = start(source)
    engine = files(scene, scene.engine(source, target, name="following"), source, target, mode="incremental", meta=meta, gtid=gtid).start()
    until_rows(engine, target, wanted)
    source.query("UPDATE shop.orders SET v = 'changed' WHERE id = 3")
    source.query("INSERT INTO shop.items VALUES (12,'z')")
    until_rows(engine, target, [12], "moved.items")
    engine.stop()
    source.query("INSERT INTO shop.orders VALUES (7,'g')")
    source.query("INSERT INTO shop.secret VALUES (2)")
    engine.start()
    until_rows(engine, target, [*wanted, 7])
    equal(dict(rows(target, "moved.all_orders"))[3], "changed", "a row changed while following")
    equal(rows(target, "moved.items"), ((12, "z"),), "rows of items: those of before were not to come")
    equal(tables(target), ["all_orders", "items"], "tables at the target")
    engine.stop()


@case(for_each=[*((kind, kind, False) for kind in ("mariadb", "mysql97-file", "mysql56")), ("mysql97-gtid", "mysql97-gtid", True)])
def test_from_position(scene: Scene, kind, gtid):
    """With enable-gtid too a position counts, where meta has no set."""
    def start(source):
        file, offset = position(source)
        for number in (3, 4):
            source.query(f"INSERT INTO shop.orders VALUES ({number},'n')")
        return {"binlog-name": file, "binlog-pos": offset}, gtid, [1, 3, 4]
    incremental(scene, kind, start)


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid")])
def test_from_gtid(scene: Scene, kind):
    """Only binlog-gtid in meta, and enable-gtid at the source."""
    def start(source):
        done = source.query("SELECT @@global.gtid_binlog_pos" if kind == "mariadb" else "SELECT @@global.gtid_executed")[0][0]
        for number in (3, 4):
            source.query(f"INSERT INTO shop.orders VALUES ({number},'n')")
        return {"binlog-gtid": f'"{done}"'.replace("\n", "")}, True, [1, 3, 4]
    incremental(scene, kind, start)


@case()
def test_from_gtid_with_a_gap(scene: Scene):
    """A transaction that the set names is left out even where older ones are not."""
    def start(source):
        server, _, last = re.fullmatch(r"([0-9a-f-]+):(1-)?(\d+)", source.query("SELECT @@global.gtid_executed")[0][0]).groups()
        for number in (3, 4, 5, 6):
            source.query(f"INSERT INTO shop.orders VALUES ({number},'n')")
        return {"binlog-gtid": f'"{server}:1-{last}:{int(last) + 2}"'}, True, [1, 3, 5, 6]  # the second of the four is in the set
    incremental(scene, "mysql97-gtid", start)


def exported(engine):
    done = subprocess.run([str(TIDEGATE), "export", *map(str, engine.files), "--format", "job"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    equal(done.returncode, EXIT["fine"], f"exit code of export, which said {done.stderr}")
    return done.stdout


@case()
def test_export(scene: Scene):
    """The job that export writes is taken again and does the same at another target."""
    source, target, other = scene.source(), scene.target("any"), scene.target("any")
    fill(source)
    os.environ[VARIABLE] = PASSWORD
    engine = files(scene, scene.engine(source, target, name="dm"), source, target, password=f"${{env:{VARIABLE}}}").start()
    ended_well(engine)
    check("plain text" not in engine.text(), f"a warning without a reason: {engine.text()[:2000]}")
    job = exported(engine)
    check(PASSWORD not in job and f"${{env:{VARIABLE}}}" in job, f"the password's reference is not kept:\n{job}")
    equal(job.count(f"port: {target.port}"), 1, f"the target's port in\n{job}\nwhich")
    again = scene.engine(source, other, name="exported")
    again.file.write_text(job.replace(f"port: {target.port}", f"port: {other.port}"))
    ended_well(again.start("--name", "exported"))
    check_moved(source, target)
    check_moved(source, other)


@case()
def test_export_of_a_plain_password(scene: Scene):
    """What was plain text is not written out; the job asks for it."""
    source, target = scene.source(), scene.target("any")
    job = exported(files(scene, scene.engine(source, target, name="dm"), source, target))
    check(PASSWORD not in job and "${ask}" in job, f"the password in\n{job}")


# ---- files for a real DM ----

KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
JOB = """version: 1
name: moving
mode: {mode}
secret-key-path: "{key}"
source: {{id: source-1, host: 127.0.0.1, port: {source}, user: {user}, password: "${{env:{variable}}}"{start}}}
target: {{host: 127.0.0.1, port: {target}, user: root}}
allow: {{include: [shop, "crm.customer_*"], exclude: [shop.secret, "shop.`~^log_20(1|20)`"]}}
routes: [{{from: shop, to: moved}}, {{from: shop.orders, to: moved.all_orders}}]
events: [{{schema-pattern: crm, table-pattern: customer_us, events: [delete], action: Ignore}}]
road: {{kind: dm}}
checks: {{ignore: [all]}}
"""
COLLATION = ["--character-set-server=utf8mb4", "--collation-server=utf8mb4_bin"]  # DM takes the source's own to the target
CHOSEN = {"moved": ["all_orders", "items"], "crm": ["customer_eu", "customer_us"], "shop": [], "elsewhere": [], "hidden": []}


def fill_more(source):
    fill(source)
    source.query("CREATE DATABASE crm")
    for table in ("crm.customer_eu", "crm.customer_us", "crm.customer", "crm.customs", "crm.zoo", "shop.log_2019"):
        source.query(f"CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))")
        source.query(f"INSERT INTO {table} VALUES (1,'a')")


def export_dm(scene, source, target, **more):
    """(the folder of the files, a DM with the same key)"""
    key, job, out = scene.logs / "key", scene.logs / "job.yaml", scene.home / "dm"
    key.write_text(KEY + "\n")
    job.write_text(JOB.format(key=key, source=source.port, target=target.port, user=USER, variable=VARIABLE, **more))
    command = [str(TIDEGATE), "export", str(job), "--format", "dm", "-o", str(out), "--set", "topology.masters=h1", "--set", "topology.workers=h1"]
    done = subprocess.run(command, env={**os.environ, VARIABLE: PASSWORD}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    equal(done.returncode, EXIT["fine"], f"exit code of export, which said {done.stderr}")
    equal(sorted(path.name for path in out.iterdir()), ["source.yaml", "task.yaml", "topology.yaml"], "files")
    check(all(PASSWORD not in path.read_text() for path in out.iterdir()), "a password in plain text")
    again = subprocess.run(command, env={**os.environ, VARIABLE: PASSWORD}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    equal(again.returncode, EXIT["usage"], f"exit code of a second export into the same folder, which said {again.stderr}")
    dm = scene.add(Dm(key))
    dm.control("operate-source", "create", str(out / "source.yaml"))
    dm.control("check-task", str(out / "task.yaml"))
    dm.control("start-task", str(out / "task.yaml"))
    return dm


def until_dm_has(dm, source, target):
    """Until the chosen tables hold what the source holds, and none of the others is there."""
    pairs = [("shop.orders", "moved.all_orders"), ("shop.items", "moved.items"), ("crm.customer_eu", "crm.customer_eu"), ("crm.customer_us", "crm.customer_us")]

    def there():
        status = dm.control("query-status", "moving")
        check('"stage": "Paused"' not in status, f"DM stopped: {status[-3000:]}\n{dm.last_words()}")
        found = {schema: tables(target, schema) for schema in CHOSEN}
        return found["crm"] == CHOSEN["crm"] and found["moved"] == CHOSEN["moved"] and all(rows(target, new) == rows(source, old) for old, new in pairs)
    wait_for(there, 120, "DM to have moved the chosen tables")
    equal({schema: tables(target, schema) for schema in CHOSEN}, CHOSEN, "tables at the target")


@case()
def test_a_real_dm_takes_the_files(scene: Scene):
    """The files of a job with lists, patterns, routes, a filter and an encrypted password: DM moves the same tables, and follows."""
    source, target = scene.source("mariadb", options=COLLATION), scene.target("any", judged=False)  # what DM says is DM's
    fill_more(source)
    dm = export_dm(scene, source, target, mode="all", start="")
    until_dm_has(dm, source, target)
    for statement in ("INSERT INTO shop.orders VALUES (3,'c')", "UPDATE crm.customer_eu SET v = 'z'", "INSERT INTO shop.secret VALUES (2)",
                      "INSERT INTO crm.customs VALUES (2,'b')", "INSERT INTO shop.log_2019 VALUES (2,'b')", "DELETE FROM shop.items WHERE id = 10"):
        source.query(statement)
    until_dm_has(dm, source, target)
    source.query("DELETE FROM crm.customer_us")  # what the filter keeps from the target
    source.query("INSERT INTO shop.orders VALUES (4,'later')")
    wait_for(lambda: rows(target, "moved.all_orders") == rows(source, "shop.orders"), 60, "a change behind the one that is filtered")
    equal(rows(target, "crm.customer_us"), ((1, "a"),), "rows whose deletion is filtered")


@case()
def test_a_real_dm_begins_where_the_job_says(scene: Scene):
    """Mode incremental: meta with a position; what was before it is not moved."""
    source, target = scene.source("mariadb", options=COLLATION), scene.target("any", judged=False)  # what DM says is DM's
    fill_more(source)
    for statement in ("CREATE DATABASE moved", "CREATE DATABASE crm", "CREATE TABLE moved.all_orders (id INT NOT NULL PRIMARY KEY, v VARCHAR(20))"):
        target.query(statement)
    file, offset = position(source)
    source.query("INSERT INTO shop.orders VALUES (3,'c')")
    dm = export_dm(scene, source, target, mode="incremental", start=f", start: {{file: {file}, pos: {offset}}}")
    wait_for(lambda: rows(target, "moved.all_orders") == ((3, "c"),), 60, "the one row behind the position")
    source.query("INSERT INTO shop.orders VALUES (4,'d')")
    wait_for(lambda: rows(target, "moved.all_orders") == ((3, "c"), (4, "d")), 60, "a row while DM follows")
    check(dm.control("query-status", "moving"), "DM answers no more")


if __name__ == "__main__":
    main()
