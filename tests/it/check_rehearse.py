# SPDX-License-Identifier: Apache-2.0
"""Rehearsals: the binlog's dump, the lock, the statements at the target, the self-test of types."""

import contextlib
import re
import signal
import subprocess

from harness import EXIT, TIDEGATE, case, check, equal, position, same, wait_for  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA
import types_fixture

REHEARSE, LOCK = ("--rehearse",), ("--rehearse", "--allow-lock")
SCRATCH = "tidegate_rehearsal"
SOURCES = [(one, one) for one in ("mysql97-gtid", "mysql97-file", "mysql56", "mariadb")]
TYPES = ("numbers", "times", "texts", "lists", "bytes")


def schemas(server):
    return sorted(row[0] for row in server.query("SHOW DATABASES"))


def bench_of(scene, kind, source=None):
    source = source or scene.source(kind)
    bench = Bench(scene, source, scene.target("any"))
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.nokey (a INT, city VARCHAR(30) CHARACTER SET utf8mb4) ENGINE=InnoDB",
              f"INSERT INTO {SCHEMA}.nokey VALUES (1, 'Stockholm'), (2, 'Malmö')")
    return bench


def user(bench, name, *grants, at="source"):
    """A user with these privileges and no others."""
    bench.sql(f"CREATE USER {name}@'%'", *[f"GRANT {one} TO {name}@'%'" for one in grants], at=at)
    return {"user": name}


def nothing_stays(bench):
    for server in (bench.source, bench.target):
        check(not [one for one in schemas(server) if one.startswith(SCRATCH)], f"{server.name} keeps a scratch schema: {schemas(server)}")


@case(for_each=SOURCES)
def rehearse_dump(scene, kind):
    bench = bench_of(scene, kind)
    bench.good("binlog.dump")
    limited = user(bench, "nodump", "SELECT, REPLICATION CLIENT ON *.*" if kind != "mariadb" else "SELECT, BINLOG MONITOR ON *.*")
    bench.job(source=limited)
    bench.bad("binlog.dump", "fail", "TG-2103")
    file, offset = position(bench.source)
    start = {"mode": "incremental", "source": {"start": {"file": file, "pos": offset}}}
    bench.job(mode="incremental", source={**limited, **start["source"]})
    equal(bench.one("meta_position")["applies"], False, "the position, where the binlog can't be read at all")
    bench.job(**start)
    bench.good("meta_position")
    bench.sql(f"INSERT INTO {SCHEMA}.nokey VALUES (3, 'Kiruna')")
    good = bench.good("meta_position")
    check(f"{file}:{offset}" in good["found"], f"the first event is {good['found']}, not that of {file}:{offset}")
    bench.job(mode="incremental", source={"start": {"file": file, "pos": offset + 1000000}})
    bench.bad("meta_position", "fail", "TG-51")
    bench.sql("FLUSH LOGS")
    def purged():  # a server keeps the file for a dump that has gone, until it notices
        bench.sql(f"PURGE BINARY LOGS TO '{position(bench.source)[0]}'")
        return file not in [row[0] for row in bench.source.query("SHOW BINARY LOGS")]
    wait_for(purged, 30, f"{file} is purged")
    bench.job(**start)
    bench.bad("meta_position", "fail", "TG-5102")
    bench.cure("meta_position")
    check(not bench.one("meta_position")["applies"], "the cure is another mode")
    bench.undo("meta_position")
    bench.bad("meta_position", "fail", "TG-5102")
    if kind in ("mysql97-gtid", "mariadb"):
        everything = bench.source.query("SELECT @@global.gtid_executed" if kind != "mariadb" else "SELECT @@global.gtid_binlog_pos")[0][0]
        bench.job(mode="incremental", source={"start": {"gtid": everything.replace("\n", "")}})
        bench.good("meta_position")
    if kind == "mysql97-gtid":
        bench.job(mode="incremental", source={"start": {"gtid": f"{everything.split(':')[0]}:1"}})
        bench.bad("meta_position", "fail", "TG-5102")


@case(for_each=SOURCES)
def rehearse_copy(scene, kind):
    """The first rows of every table: what is read, what can't be, what would be made."""
    bench, name = bench_of(scene, kind), "rehearse.copy"
    bench.sql(f"CREATE TABLE {SCHEMA}.wide (id INT PRIMARY KEY, v VARCHAR(20), w LONGTEXT)",
              f"INSERT INTO {SCHEMA}.wide VALUES (1, 'a', REPEAT('x', 3000000)), (2, 'b', REPEAT('y', 3000000)), (3, 'c', REPEAT('z', 3000000)), (4, 'd', '')")
    result = bench.good(name, REHEARSE)
    check(result["found"].startswith("5 rows of 2 tables, 9.0 MB"), f"8 MiB of a table are enough: {result}")
    check("would make 2 tables" in result["extra"], f"what would be made: {result}")
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.wide (id INT PRIMARY KEY)", at="target")
    check("would make 1 table at" in bench.good(name, REHEARSE)["extra"], "one is there already")
    bench.sql(f"DROP DATABASE {SCHEMA}", at="target")
    holder = bench.source.connect()
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute(f"LOCK TABLES {SCHEMA}.wide WRITE")
        bench.bad(name, "warn", f"{SCHEMA}.wide can't be read", options=REHEARSE)
    limited = user(bench, "columns", f"SELECT ON {SCHEMA}.nokey", f"SELECT (id) ON {SCHEMA}.wide",
                   "REPLICATION SLAVE, REPLICATION CLIENT ON *.*" if kind != "mariadb" else "REPLICATION SLAVE, BINLOG MONITOR ON *.*")
    bench.job(source=limited)
    if bench.one("table_schema")["state"] == "success":  # a server that shows the definition to whoever may read one column
        bench.bad(name, "fail", f"{SCHEMA}.wide can't be read", "TG-2103", options=REHEARSE)


@case(for_each=SOURCES)
def rehearse_stream(scene, kind):
    """The binlog of the last minutes, decoded as the run will: figures, and the place where the run would stop."""
    bench, name = bench_of(scene, kind), "rehearse.stream"
    bench.sql(f"UPDATE {SCHEMA}.nokey SET a = a + 10", "FLUSH LOGS", f"DELETE FROM {SCHEMA}.nokey WHERE a = 12")
    result = bench.good(name, REHEARSE)
    rows = int(re.search(r"(\d+) rows", result["found"])[1])
    check(rows >= 5, f"rows of two files: {result}")
    bench.sql(f"ALTER TABLE {SCHEMA}.nokey ADD COLUMN later INT")
    check("before an ALTER" in bench.good(name, REHEARSE)["extra"], "rows of an earlier definition")
    session = bench.source.connect()
    with contextlib.closing(session), session.cursor() as cursor:  # a schema of the job's that holds no table of it yet
        for statement in ("CREATE DATABASE later", "CREATE TABLE later.t (a INT) ENGINE=InnoDB", "SET SESSION binlog_format = 'STATEMENT'", "USE later",
                          "INSERT INTO t VALUES (77)", "DROP TABLE t"):
            cursor.execute(statement)
    bench.job(allow={"include": [f"{SCHEMA}.*", "later.*"]})
    bench.bad(name, "fail", "instead of rows: INSERT INTO t VALUES (77)", options=REHEARSE)
    bench.job()
    file, offset = position(bench.source)
    session = bench.source.connect()
    with contextlib.closing(session), session.cursor() as cursor:
        statements = {"XA": ("XA START 'x'", f"INSERT INTO {SCHEMA}.nokey VALUES (4, 'Lund', 1)", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"),
                      "instead of rows": ("SET SESSION binlog_format = 'STATEMENT'", f"INSERT INTO {SCHEMA}.nokey VALUES (5, 'Umeå', 1)")}
        del statements["XA" if kind == "mysql56" else "instead of rows"]  # 5.6 logs it as any other transaction
        for part, lines in statements.items():
            for statement in lines:
                cursor.execute(statement)
            bench.bad(name, "fail", part, f"{file}:", "the run would stop", options=REHEARSE)
    after = position(bench.source)
    bench.job(mode="incremental", source={"start": {"file": after[0], "pos": after[1]}})
    bench.good(name, REHEARSE)


@case()
def rehearse_target(scene):
    bench = bench_of(scene, "mariadb")
    name = "rehearse.target"
    before = schemas(bench.target)
    result = bench.good(name, REHEARSE)
    check("ADD INDEX" in result["extra"] and SCRATCH in result["extra"], f"the steps are not told: {result}")
    equal(schemas(bench.target), before, "schemas after the rehearsal")
    for index, missing in enumerate(("ALTER", "DROP")):
        rights = [one for one in ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "CREATE VIEW") if one != missing]
        bench.job(target=user(bench, f"without{index}", f"{', '.join(rights)} ON *.*", at="target"))
        bench.bad(name, "fail", "TG-3103", f"{missing} TABLE", options=REHEARSE)
        equal(schemas(bench.target), before, f"schemas after a rehearsal without {missing}")
    bench.job(target=user(bench, "elsewhere", f"ALL ON {SCHEMA}.*", at="target"))
    bench.bad(name, "warn", SCRATCH, options=REHEARSE)
    bench.job()
    # a leftover is dropped, a foreign schema of the name is not touched
    bench.sql(f"CREATE DATABASE {SCRATCH}", f"CREATE TABLE {SCRATCH}.made_by_tidegate_check (id INT PRIMARY KEY)", f"CREATE TABLE {SCRATCH}.t (id INT)", at="target")
    check(f"{SCRATCH}," in bench.good(name, REHEARSE)["extra"], "a leftover was not taken over")
    equal(schemas(bench.target), before, "schemas after a leftover")
    bench.sql(f"CREATE DATABASE {SCRATCH}", f"CREATE TABLE {SCRATCH}.theirs (id INT)", at="target")
    check(f"{SCRATCH}_" in bench.good(name, REHEARSE)["extra"], "a foreign schema was used")
    equal([row[0] for row in bench.target.query(f"SHOW TABLES FROM {SCRATCH}")], ["theirs"], "a foreign schema")
    bench.sql(f"DROP DATABASE {SCRATCH}", at="target")


@case()
def rehearse_read_only_target(scene):
    bench = Bench(scene, scene.source("mariadb"), scene.target("mysql97", options=["--local-infile=1"]))
    bench.good("rehearse.target", REHEARSE)
    bench.sql("SET GLOBAL super_read_only = 1", at="target")
    bench.bad("rehearse.target", "fail", "TG-3104", "read-only", options=REHEARSE)
    bench.sql("SET GLOBAL super_read_only = 0", "SET GLOBAL read_only = 0", "SET GLOBAL local_infile = 0", at="target")
    bench.bad("rehearse.target", "warn", "LOAD DATA LOCAL", "INSERT", options=REHEARSE)
    bench.job(limits={"load-data": False})
    bench.good("rehearse.target", REHEARSE)


@case(for_each=SOURCES)
def rehearse_lock(scene, kind):
    bench, name = bench_of(scene, kind), "rehearse.lock"
    bench.good(name, REHEARSE)
    bench.good(name, LOCK)
    bench.job(mode="full", road={"kind": "snapshot"})
    result = bench.good(name, LOCK)
    check("a write waited" in result["extra"] and f"of {SCHEMA}.nokey" in result["extra"], f"both locks are not told: {result}")
    holder = bench.source.connect()
    with contextlib.closing(holder), holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE {SCHEMA}.nokey SET a = a + 1")
        bench.bad(name, "warn", "TG-2110", "could not be had in one second", options=LOCK)
        holder.rollback()
    bench.good(name, LOCK)
    scratch = "CREATE, DROP, INSERT, SELECT"
    limited = user(bench, "nolock", f"SELECT ON {SCHEMA}.*", f"{scratch} ON {SCRATCH}.*",
                   "REPLICATION SLAVE, REPLICATION CLIENT ON *.*" if kind != "mariadb" else "REPLICATION SLAVE, BINLOG MONITOR ON *.*")
    bench.job(mode="full", road={"kind": "snapshot"}, source=limited)
    bench.bad(name, "warn", "LOCK TABLES is refused", options=REHEARSE)
    state = "warn" if kind == "mariadb" else "fail"
    bench.bad(name, state, "TG-2110" if kind == "mariadb" else "TG-2112", options=LOCK)
    bench.sql("REVOKE CREATE ON tidegate_rehearsal.* FROM nolock@'%'")
    equal(bench.one(name, REHEARSE)["applies"], False, "without a scratch table and without consent")
    if kind != "mariadb":
        bench.job(source=limited)
        bench.bad(name, "warn", "quiet moments", options=LOCK)
    nothing_stays(bench)


def make_types(bench, kind):
    kind = kind.split("-")[0]
    lines = [types_fixture.LENIENT, f"USE {SCHEMA}"]
    for family in TYPES:
        lines += [types_fixture.create(family, types_fixture.FAMILIES[family], kind), *types_fixture.inserts(family, types_fixture.FAMILIES[family], kind, 0)]
    bench.sql(*lines)


@case(for_each=SOURCES)
def rehearse_types(scene, kind):
    source = scene.source(kind)
    proxy = scene.proxy(source)
    bench, name = bench_of(scene, kind, source=proxy), "rehearse.types"
    bench.source = source
    make_types(bench, kind)
    before = schemas(source), source.query(f"SELECT COUNT(*) FROM {SCHEMA}.texts")
    good = bench.good(name, REHEARSE)
    types, values = (int(word.split()[0]) for word in good["found"].split(", "))
    check(types > 60 and values == 10 * types, f"{good['found']} were compared")
    check("read from the binlog" in good["extra"], f"the stream was not compared: {good['extra']}")
    scene.note(good["found"])
    with_fault = proxy.alters(rf"SELECT k,.*{SCRATCH}", "Stockholm", "Stockhelm")
    bench.bad(name, "fail", "Stockhelm", "Stockholm", f"{SCHEMA}.nokey.city", "varchar(30)", "in the binlog", options=REHEARSE)
    with_fault.remove()
    # the person may make nothing at the source: its own rows, copied
    bench.job(source=user(bench, "reader", f"SELECT ON {SCHEMA}.*",
                          "REPLICATION SLAVE, REPLICATION CLIENT ON *.*" if kind != "mariadb" else "REPLICATION SLAVE, BINLOG MONITOR ON *.*"))
    good = bench.good(name, REHEARSE)
    seen = re.search(r" (\d+) rows of (\d+) tables as the last file of the binlog shows them.* none at the source", good["extra"])
    check(seen and int(seen.group(1)) >= 30 and int(seen.group(2)) == len(TYPES), f"a user without CREATE: {good['extra']}")
    scene.note(f"without CREATE: {good['found']}; {seen.group(1)} rows of {seen.group(2)} tables of the binlog")
    with_fault = proxy.alters(rf"SELECT .n.,.* WHERE", "漢字", "漢宇")
    bench.bad(name, "fail", "漢宇", "漢字", f"{SCHEMA}.texts.c", "in the binlog", options=REHEARSE)
    with_fault.remove()
    bench.job()
    equal((schemas(source), source.query(f"SELECT COUNT(*) FROM {SCHEMA}.texts")), before, "the source after the rehearsals")
    nothing_stays(bench)


@case()
def rehearse_types_target(scene):
    source = scene.source("mysql97-gtid")
    target = scene.target("any")
    proxy = scene.proxy(target)
    bench, name = Bench(scene, source, proxy), "rehearse.types"
    bench.target = target
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY, city VARCHAR(30))", f"INSERT INTO {SCHEMA}.t VALUES (1,'Stockholm')")
    bench.good(name, REHEARSE)
    rule = proxy.alters(r"SELECT k,.*_streamed", "Stockholm", "Stockhelm")
    bench.bad(name, "fail", "TG-6101", "Stockhelm", "at the target, from the binlog", options=REHEARSE)
    rule.remove()
    rule = proxy.error(1366, r"INSERT INTO .*types\d+_streamed.*Stockholm", times=0)
    bench.bad(name, "fail", "TG-3104", "t.city", "varchar(30)", "the target refuses it", options=REHEARSE)
    rule.remove()
    rule = proxy.drop(r"types\d+_copied")
    bench.bad(name, "warn", options=REHEARSE)
    nothing_stays(bench)


@case()
def rehearse_cut_short(scene):
    """Cancelled, it cleans up; killed, the next one does."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    proxy = scene.proxy(target)
    bench = Bench(scene, source, proxy)
    bench.target = target
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY)")
    for how, code in ((signal.SIGINT, EXIT["resumable"]), (signal.SIGKILL, -signal.SIGKILL)):
        rule = proxy.hold("ADD INDEX by_n")
        running = subprocess.Popen([str(TIDEGATE), "check", str(bench.engine.file), *REHEARSE, "--only", "rehearse.target"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rule.wait()
        check(SCRATCH in schemas(target), "no scratch schema while the rehearsal stands still")
        running.send_signal(how)
        if how == signal.SIGKILL:
            running.wait()
        rule.release()
        equal(running.wait(60), code, f"exit code after {how.name}")
        rule.remove()
        if how == signal.SIGINT:
            nothing_stays(bench)
    check(SCRATCH in schemas(target), "a killed rehearsal leaves its schema")
    wait_for(lambda: target.query(f"SELECT IS_FREE_LOCK('{SCRATCH}')")[0][0] == 1, 60, "the lock of the killed rehearsal is free")
    bench.good("rehearse.target", REHEARSE)
    nothing_stays(bench)


@case()
def rehearse_beside_a_run(scene):
    """What a rehearsal writes at the source is in the binlog that a run follows; it is no part of any job."""
    source, target = scene.source("mysql97-gtid"), scene.target("any")
    bench = Bench(scene, source, target)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY, v VARCHAR(30))", f"INSERT INTO {SCHEMA}.t VALUES (1,'a')")
    engine = scene.engine(source, target, name="beside", allow={"include": ["*.*"]})
    engine.start().until_state("in-sync")
    bench.good("rehearse.types", REHEARSE)
    bench.good("rehearse.target", REHEARSE)
    bench.sql(f"INSERT INTO {SCHEMA}.t VALUES (2,'b')")
    engine.until_applied(position(source))
    engine.stop()
    same(scene, source, target)
    nothing_stays(bench)
