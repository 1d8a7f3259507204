#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between two servers, one case at a time; the cases of DESIGN 4 that were found by trying.

Most cases stand between engine and server with the faults proxy, whose rules fire at a chosen statement, so
that a case hits its moment every time. All end alike: both servers hold the same rows.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import (EXIT, OPTIONS, Scene, answers, case, check, equal, flavour, main, position,  # noqa: E402
                     same, wait_for)
from replica import LateReplica  # noqa: E402
from servers import COMMIT  # noqa: E402
from workload import SCHEMA, Writer, connect, fill  # noqa: E402

ROWS = 30_000
INTO = rf"INTO (TABLE )?`?{SCHEMA}`?\."  # a packet that brings rows
UNDER_WAY = ("copying", "catching-up", "in-sync")
SMALL_CHUNKS = {"limits": {"chunk": "64KiB"}}


def finish(scene, engine, source, target, writer=None):
    """The writer stops, everything arrives, both ends are equal."""
    if writer:
        wrote = writer.stop()
        check(not wrote["problem"], f"the writer: {wrote['problem']}")
    engine.until_applied(position(source))
    result = same(scene, source, target)
    engine.stop()
    return result


def busy(scene, source_kind="mariadb", target_kind="any", rows=ROWS):
    """A filled source with a writer, and a target."""
    source, target = scene.source(source_kind), scene.target(target_kind)
    fill(source.port, rows, flavour(source_kind, target.name))
    return source, target, scene.add(Writer(source.port, seed=OPTIONS.seed))


def until_writing(engine):
    """Until the writers are at work; what comes before has a case of its own."""
    engine.until(lambda snapshot: snapshot["load"]["rows"] > 1000, 60, "rows at the target")


def items(server, rows=5000, more=""):
    """One table of plain rows, in a schema of its own."""
    connection = connect(server.port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        cursor.execute(f"CREATE TABLE {SCHEMA}.items (id INT NOT NULL PRIMARY KEY, name VARCHAR(40), x INT{more}) ENGINE=InnoDB")
        for first in range(0, rows, 1000):
            cursor.execute(f"INSERT INTO {SCHEMA}.items (id,name,x) VALUES " +
                           ",".join(f"({n},'name {n}',{n % 7})" for n in range(first, min(rows, first + 1000))))
    connection.close()


def run_all(server, statements):
    connection = connect(server.port)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


# ---- late packets, and the fence ---------------------------------------------------------------------------

@case(for_each=[("copy", "copy"), ("follow", "follow")])
def test_late_rows(scene: Scene, phase):
    """A packet of a killed engine comes after its successor has started: the fence refuses it with 1048."""
    source, target, writer = busy(scene, rows=60_000)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    if phase == "follow":
        engine.until_state("in-sync")
    else:
        engine.until_state(*UNDER_WAY, seconds=60)
    held = proxy.hold(rf"^BEGIN.*tidegate_meta.*{INTO}", nth=2)
    held.wait(seconds=120)
    engine.kill()
    engine.start()
    engine.until_state("in-sync")
    equal(held.release(), [1048], "what the server said to the late packet")
    finish(scene, engine, source, target, writer)


@case()
def test_late_commit(scene: Scene):
    """A COMMIT of a killed engine is still under way: the successor waits for it, and then knows its rows."""
    source, target, writer = busy(scene, rows=60_000)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")  # a chunk's COMMIT, an optimistic one, holds no lock to wait for: it is refused
    held = proxy.hold(COMMIT, nth=5)
    held.wait(seconds=120)
    engine.kill()
    engine.start()
    waiting = f"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%UPDATE%tidegate_meta%lane%epoch%' AND info NOT LIKE '%processlist%'"
    wait_for(lambda: target.query(waiting)[0][0], 30, "the successor's fence")
    check(engine.alive() and (engine.status() or {}).get("state") not in ("catching-up", "in-sync"), "nobody waited for the late COMMIT")
    outcome = held.release()
    check(outcome in (["ok"], ["gone"]), f"the late COMMIT: {outcome}")
    engine.until_state("in-sync")
    finish(scene, engine, source, target, writer)


@case()
def test_late_truncate(scene: Scene):
    """A held TRUNCATE would empty the table long after its rows were written: the fence stops DDL too."""
    source, target = scene.source(), scene.target("any")
    items(source)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    held = proxy.hold(r"TRUNCATE")
    run_all(source, [f"TRUNCATE TABLE {SCHEMA}.items", f"INSERT INTO {SCHEMA}.items VALUES (1,'after',1)"])
    held.wait()
    engine.kill()
    engine.start()
    engine.until_applied(position(source))
    equal(held.release(), [1048], "what the server said to the late TRUNCATE")
    finish(scene, engine, source, target)


# ---- a target that refuses, forgets or vanishes --------------------------------------------------------------

CODES = (9007, 8028, 8002, 8022, 1213, 1205)


@case(for_each=[("packet", INTO, "before"), ("half-a-packet", INTO, "after"), ("commit", COMMIT, "before")])
def test_busy_answers(scene: Scene, match, when):
    """Write conflicts and the like: the whole batch is repeated, never half of it, never twice.

    `after`: the statements were executed and the error comes for them all the same: without a ROLLBACK the
    next BEGIN would commit them."""
    source, target, writer = busy(scene)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    until_writing(engine)
    for code in CODES:
        proxy.error(code, match, nth=2, times=2, when=when).wait(2, seconds=120)
    engine.until_state("in-sync")
    for code in CODES:
        proxy.error(code, match, nth=2, times=3, when=when).wait(3, seconds=120)
    finish(scene, engine, source, target, writer)


@case(for_each=[("before-execution", "before"), ("after-execution", "after")])
def test_lost_commit(scene: Scene, when):
    """2013 at COMMIT, executed or not: the ledger says which, and nothing is doubled or missing."""
    source, target, writer = busy(scene)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    until_writing(engine)
    for nth in (3, 11, 7):
        proxy.drop(COMMIT, nth=nth, when=when).wait(seconds=120)
    engine.until_state("in-sync")
    for nth in (1, 5, 9):
        proxy.drop(COMMIT, nth=nth, when=when).wait(seconds=120)
    finish(scene, engine, source, target, writer)


@case(for_each=[("busy", "error", {"code": 9007}), ("lost", "drop", {"when": "after"}), ("lost-before", "drop", {"when": "before"})])
def test_trouble_at_the_start(scene: Scene, action, details):
    """The first statements of a run, which make tables and ledger, meet the same troubles as the others."""
    source, target = scene.source(), scene.target("any")
    items(source, 2000)
    run_all(source, [f"CREATE TABLE {SCHEMA}.loose (a INT)", f"INSERT INTO {SCHEMA}.loose VALUES (1),(1),(NULL)"])
    proxy = scene.proxy(target)
    for nth in range(1, 10, 2):
        proxy.rule(action, COMMIT, nth=nth, **details)
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync", seconds=60)
    finish(scene, engine, source, target)


@case()
def test_undetermined_commit(scene: Scene):
    """8501: TiDB itself does not know whether it committed; here it did."""
    source, target, writer = busy(scene)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    until_writing(engine)
    for nth in (2, 9):
        proxy.error(8501, COMMIT, nth=nth, when="after").wait(seconds=120)
    engine.until_state("in-sync")
    proxy.error(8501, COMMIT, nth=4, when="after").wait(seconds=120)
    finish(scene, engine, source, target, writer)


@case()
def test_lost_packets(scene: Scene):
    """Connections to the target end in the middle of batches, some after the statements were executed."""
    source, target, writer = busy(scene)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    until_writing(engine)
    for when in ("before", "after", "after"):
        proxy.drop(INTO, nth=4, when=when).wait(seconds=120)
    engine.until_state("in-sync")
    for when in ("before", "after"):
        proxy.drop(INTO, nth=3, when=when).wait(seconds=120)
        proxy.cut()
    finish(scene, engine, source, target, writer)


@case(for_each=[("before-execution", "before"), ("after-execution", "after")])
def test_lost_ddl(scene: Scene, when):
    """A DDL whose answer never came is looked up, not repeated blindly and not passed over."""
    source, target = scene.source(), scene.target("any")
    items(source)
    proxy = scene.proxy(target)
    engine = scene.engine(source, proxy).start()
    engine.until_state("in-sync")
    for match, statements in (
            (r"ALTER TABLE.*\by1\b", [f"ALTER TABLE {SCHEMA}.items ADD COLUMN y1 INT DEFAULT 5", f"UPDATE {SCHEMA}.items SET y1 = id WHERE id < 50"]),
            (r"CREATE TABLE.*\bmore\b", [f"CREATE TABLE {SCHEMA}.more (id INT NOT NULL PRIMARY KEY)", f"INSERT INTO {SCHEMA}.more VALUES (1),(2)"]),
            (r"RENAME|ALTER TABLE.*RENAME", [f"RENAME TABLE {SCHEMA}.more TO {SCHEMA}.much", f"INSERT INTO {SCHEMA}.much VALUES (3)"]),
            (r"TRUNCATE", [f"TRUNCATE TABLE {SCHEMA}.much", f"INSERT INTO {SCHEMA}.much VALUES (4)"]),
            (r"(CREATE|ADD).*(INDEX|KEY).*name_x", [f"CREATE INDEX name_x ON {SCHEMA}.items (x)"]),
            (r"DROP TABLE", [f"DROP TABLE {SCHEMA}.much"]),
            (r"DROP COLUMN|DROP.*\by1\b", [f"ALTER TABLE {SCHEMA}.items DROP COLUMN y1"])):
        lost = proxy.drop(match, when=when)
        run_all(source, statements)
        lost.wait()
        engine.until_applied(position(source), seconds=60)
    finish(scene, engine, source, target)


@case()
def test_killed_in_ddl(scene: Scene):
    """kill -9 while the target builds an index, which goes on without the engine."""
    source, target = scene.source(), scene.target("any")
    items(source, 50_000)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    seen_at_work = 0
    for number in range(3):
        run_all(source, [f"CREATE INDEX index_{number} ON {SCHEMA}.items (name, x)", f"UPDATE {SCHEMA}.items SET x = {number} WHERE id % 1000 = 5"])
        seen = "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%index\\_%' AND info NOT LIKE '%processlist%'"
        try:
            seen_at_work += wait_for(lambda: target.query(seen)[0][0], 5, "the index at work", pause=0.005)
        except TimeoutError:
            pass  # too quick to be seen: the kill comes right after it
        engine.kill()
        engine.start()
        engine.until_applied(position(source), seconds=60)
    equal(target.query(f"SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema='{SCHEMA}'"
                       " AND table_name='items'")[0][0], 4, "indexes")
    check(seen_at_work, "no index was ever seen at work: nothing was killed inside a DDL")
    finish(scene, engine, source, target)


# ---- networks -------------------------------------------------------------------------------------------------

@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid"), ("mysql97-file", "mysql97-file"), ("mysql56", "mysql56")])
def test_broken_network(scene: Scene, kind):
    """Both cables are cut, go dark and come back, at both ends, while rows are copied and followed."""
    source, target, writer = busy(scene, kind)
    left, right = scene.proxy(source), scene.proxy(target)
    engine = scene.engine(left, right).start()
    engine.until_state(*UNDER_WAY, seconds=60)
    for proxy in (left, right):
        for how in ("rst", "fin"):
            proxy.cut(how)
            advance(engine)
    engine.until_state("in-sync")
    for proxy in (left, right):
        proxy.refuse()
        proxy.cut("rst")
        wait_for(lambda: not proxy.connections(), 10, "end of the connections")
        proxy.refuse(False)
        advance(engine)
    finish(scene, engine, source, target, writer)


def advance(engine):
    """Until the engine has applied something further."""
    first = engine.until(lambda snapshot: True, 20, "a status")
    engine.until(lambda snapshot: snapshot["load"]["rows"] > first["load"]["rows"]
                 or snapshot["position_applied"] != first["position_applied"], 60, "progress")


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid"), ("mysql56", "mysql56")])
def test_restarted_servers(scene: Scene, kind):
    """Both servers are restarted, the source with small binlogs that rotate all the time."""
    source = scene.source(kind, ["--max-binlog-size=262144"])
    target = scene.target("mariadb")
    fill(source.port, ROWS, flavour(kind, "mariadb"))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target).start()
    engine.until_state(*UNDER_WAY, seconds=60)
    target.restart()
    advance(engine)
    writer.stop()
    source.restart()
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed + 1))
    engine.until_state("in-sync")
    target.restart()
    advance(engine)
    finish(scene, engine, source, target, writer)


# ---- the source: what it shows and when -------------------------------------------------------------------------

SEMI_SYNC = {
    "mariadb": ["SET GLOBAL rpl_semi_sync_master_timeout=60000", "SET GLOBAL rpl_semi_sync_master_wait_point=AFTER_SYNC",
                "SET GLOBAL rpl_semi_sync_master_enabled=1"],
    "mysql97": ["INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'", "SET GLOBAL rpl_semi_sync_source_timeout=60000",
                "SET GLOBAL rpl_semi_sync_source_enabled=1"],
}


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file")])
def test_stream_ahead_of_reads(scene: Scene, kind):
    """Each transaction is in the binlog 100 ms before any SELECT sees it: a chunk read too early would lose it."""
    source, target = scene.source(kind), scene.target("any")
    fill(source.port, 20_000, flavour(kind, target.name))
    for statement in SEMI_SYNC[source.name]:
        source.query(statement)
    replica = scene.add(LateReplica(source, 0.1).start(*position(source)))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed, rate=0))
    engine = scene.engine(source, target, **SMALL_CHUNKS).start()
    engine.until_state("in-sync")
    check(replica.problem is None and replica.confirmed > 20, f"the replica: {replica.confirmed} confirmed, {replica.problem}")
    finish(scene, engine, source, target, writer)


KINDS_OF_KEY = {"primary": "PRIMARY KEY (id)", "secondary": "PRIMARY KEY (f), UNIQUE KEY id (id)", "none": "KEY id (id)"}


@case(for_each=[(f"{kind}-{key}", kind, key) for kind in ("mysql56", "mysql97-file") for key in KINDS_OF_KEY])
def test_writer_against_the_range(scene: Scene, kind, key):
    """Where only a lock tells what can be read: a writer that changes the rows of a range from its end to its beginning is
    waited for, but never waits, and is never rolled back for us."""
    source, target = scene.source(kind), scene.target("any")
    by = "f" if key == "secondary" else "id"  # the rows alone are locked, not the index that is read
    connection = source.connect()
    cursor = connection.cursor()
    cursor.execute(f"CREATE DATABASE {SCHEMA}")
    cursor.execute(f"CREATE TABLE {SCHEMA}.items (id INT NOT NULL, f FLOAT NOT NULL, pad VARCHAR(200), {KINDS_OF_KEY[key]})")
    for first in range(1, 4001, 500):
        cursor.execute(f"INSERT INTO {SCHEMA}.items VALUES " + ",".join(f"({n},{n},REPEAT('x',200))" for n in range(first, first + 500)))
    connection.commit()
    source.query("CREATE USER poor@'%'")
    source.query("GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO poor@'%'")
    cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
    connection.begin()
    cursor.execute(f"UPDATE {SCHEMA}.items SET pad = 'last' WHERE {by} = 4000")
    engine = scene.engine(source, target, source={"user": "poor"}).start()
    waiting = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    wait_for(lambda: source.query(waiting)[0][0] == 1, 60, "the engine to wait for the writer",
             pause=0.2)  # asked more often the table tells what it told before
    for number in (2500, 1, 3999):
        cursor.execute(f"UPDATE {SCHEMA}.items SET pad = 'other' WHERE {by} = {number}")
    cursor.execute(f"DELETE FROM {SCHEMA}.items WHERE {by} = 2")
    connection.commit()
    connection.close()
    engine.until_state("in-sync", seconds=60)
    finish(scene, engine, source, target)


CHANGES = {
    "truncate": ["TRUNCATE TABLE {}", "INSERT INTO {} (id,name,x) VALUES (7,'new',7),(4999,'new',8)"],
    "alter": ["ALTER TABLE {} ADD COLUMN y INT NOT NULL DEFAULT 3", "UPDATE {} SET y = id WHERE id % 3 = 0", "DELETE FROM {} WHERE id = 11"],
    "drop-column": ["ALTER TABLE {} DROP COLUMN x", "INSERT INTO {} (id,name) VALUES (9001,'without')"],
    "drop-and-create": ["DROP TABLE {}", "CREATE TABLE {} (id INT NOT NULL PRIMARY KEY, other VARCHAR(9))", "INSERT INTO {} VALUES (3,'three')"],
    "rows": ["UPDATE {} SET x = 99 WHERE id < 2500", "DELETE FROM {} WHERE id % 5 = 0", "UPDATE {} SET id = id + 100000 WHERE id % 5 = 1",
             "INSERT INTO {} (id,name,x) VALUES (5,'back',5)"],
}


@case(for_each=[(f"{kind}-{name}", kind, name) for kind in ("mariadb", "mysql97-gtid", "mysql97-file", "mysql56") for name in CHANGES])
def test_change_inside_a_chunk(scene: Scene, kind, name):
    """A chunk's SELECT is held; meanwhile its table is truncated, altered or rewritten; then it goes on."""
    source, target = scene.source(kind), scene.target("any")
    items(source)
    proxy = scene.proxy(source)
    held = proxy.hold(rf"SELECT(?!.*COUNT\(\*\)).*FROM `{SCHEMA}`.`items`")
    engine = scene.engine(proxy, target).start()
    held.wait(seconds=60)
    run_all(source, [statement.format(f"{SCHEMA}.items") for statement in CHANGES[name]])
    held.release()
    engine.until_state("in-sync", seconds=120)
    finish(scene, engine, source, target)


@case(for_each=[(f"{kind}-{name}", kind, name) for kind in ("mariadb", "mysql97-gtid") for name in ("truncate", "alter", "rows")])
def test_change_behind_a_chunk(scene: Scene, kind, name):
    """The same between a chunk's SELECT and the position that is read after it."""
    source, target = scene.source(kind), scene.target("any")
    items(source)
    proxy = scene.proxy(source)
    reading = proxy.hold(rf"SELECT(?!.*COUNT\(\*\)).*FROM `{SCHEMA}`.`items`")
    engine = scene.engine(proxy, target).start()
    reading.wait(seconds=60)
    asking = proxy.hold(r"SHOW (MASTER|BINARY LOG|BINLOG) STATUS")
    reading.release()
    asking.wait(seconds=60)
    run_all(source, [statement.format(f"{SCHEMA}.items") for statement in CHANGES[name]])
    asking.release()
    engine.until_state("in-sync", seconds=120)
    finish(scene, engine, source, target)


# ---- sessions are pinned, never inherited ------------------------------------------------------------------------

ODD_COMMON = ["SET GLOBAL time_zone='+08:00'", "SET GLOBAL sql_select_limit=100", "SET GLOBAL autocommit=0", "SET GLOBAL group_concat_max_len=8"]
ODD_MYSQL = ["SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_ALL_TABLES'",
             "SET GLOBAL character_set_server=latin1", "SET GLOBAL collation_connection=latin1_german1_ci", "SET GLOBAL character_set_results=latin1",
             "SET GLOBAL innodb_lock_wait_timeout=1", "SET GLOBAL lock_wait_timeout=1", "SET GLOBAL foreign_key_checks=1", "SET GLOBAL wait_timeout=3",
             "SET GLOBAL net_write_timeout=2", "SET GLOBAL div_precision_increment=0"]
ISOLATION = {"mariadb": "SET GLOBAL tx_isolation='READ-UNCOMMITTED'", "mysql56": "SET GLOBAL tx_isolation='READ-UNCOMMITTED'",
             "mysql97": "SET GLOBAL transaction_isolation='READ-UNCOMMITTED'", "tidb": "SET GLOBAL transaction_isolation='READ-COMMITTED'"}
ODD_TIDB = ["SET GLOBAL sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE,NO_ZERO_IN_DATE,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT'",
            "SET GLOBAL tidb_txn_mode='optimistic'", "SET GLOBAL innodb_lock_wait_timeout=1", "SET GLOBAL character_set_server=latin1",
            "SET GLOBAL foreign_key_checks=ON", "SET GLOBAL wait_timeout=3"]
LIMITS = {"mariadb": ["SET GLOBAL max_statement_time=0.5"], "mysql97": ["SET GLOBAL max_execution_time=500"], "mysql56": [], "tidb": ["SET GLOBAL max_execution_time=500"]}


def make_odd(server):
    refused = []
    for statement in [*ODD_COMMON, ISOLATION[server.name], *LIMITS[server.name], *(ODD_TIDB if server.name == "tidb" else ODD_MYSQL)]:
        connection = server.connect(init_command="SET SESSION autocommit=1")
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except Exception as problem:
            refused.append(f"{statement}: {problem}")
        finally:
            connection.close()
    check(not refused, f"the test itself is wrong: {refused}")


@case(for_each=[("mariadb-to-tidb", "mariadb", "tidb"), ("mysql97-to-tidb", "mysql97-gtid", "tidb"), ("mysql56-to-mariadb", "mysql56", "mariadb"),
                ("mariadb-to-mysql97", "mariadb", "mysql97")])
def test_odd_globals(scene: Scene, source_kind, target_kind):
    """Whatever the servers' global variables say, the rows are the same."""
    source, target = scene.source(source_kind), scene.target(target_kind)
    fill(source.port, ROWS, flavour(source_kind, target_kind))
    for server in (source, target):
        make_odd(server)
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    advance(engine)
    verified_by = finish(scene, engine, source, target, writer)
    check(verified_by[0] == 20, f"{verified_by}")


# ---- questions ---------------------------------------------------------------------------------------------------

def asked(engine, identity, table="items"):
    question = engine.question()
    equal(question["id"], identity, f"id of the question {question}")
    check(table in (question.get("table") or question["text"]), f"the table is not named: {question}")
    check(question["choices"] and question.get("default") is not None, f"no choices or default: {question}")
    equal(engine.status()["state"], "asking", "state with an open question")
    return question


@case(for_each=[("copy", "copy"), ("stream", "stream")])
def test_collision(scene: Scene, phase):
    """The target holds two values for one that the source keeps apart: a question, never a vanished row."""
    source, target = scene.source(), scene.target("any")
    items(source, 400, ", UNIQUE KEY name (name)")
    connection = connect(target.port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.items (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) COLLATE utf8mb4_general_ci, x INT, "
                       "UNIQUE KEY name (name)) DEFAULT CHARSET=utf8mb4")
    engine = scene.engine(source, target)
    twins = [f"INSERT INTO {SCHEMA}.items VALUES (1001,'Twin',1)", f"INSERT INTO {SCHEMA}.items VALUES (1002,'tWIN',2)"]
    if phase == "copy":
        run_all(source, twins)
        engine.start()
    else:
        engine.start()
        engine.until_state("in-sync")
        run_all(source, twins)
    question = asked(engine, "TG-3108")
    check(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.items WHERE id = 1001 OR x IS NULL")[0][0] <= 1, "rows that nobody sent")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {SCHEMA}.items DROP INDEX name")
        cursor.execute(f"ALTER TABLE {SCHEMA}.items MODIFY name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    connection.close()
    answers(engine, question, "retry")
    engine.until_state("in-sync")
    finish(scene, engine, source, target)


@case()
def test_answered_ahead(scene: Scene):
    """The job file's answers are taken without asking; a question nobody can answer ends with exit 5."""
    source, target = scene.source(), scene.target("any")
    items(source, 100)
    engine = scene.engine(source, target, answers={"TG-3108": "stop"}).start()
    engine.until_state("in-sync")
    target.query(f"CREATE UNIQUE INDEX only_one ON {SCHEMA}.items (id, x)")
    target.query(f"ALTER TABLE {SCHEMA}.items ADD UNIQUE INDEX name (name)")
    run_all(source, [f"INSERT INTO {SCHEMA}.items VALUES (2000,'name 5',1)"])
    code = engine.ended(60)
    check(code in (EXIT["person"], EXIT["resumable"]), f"exit code {code}")
    check("TG-3108" in engine.text(), "the reason is not named")
    target.query(f"ALTER TABLE {SCHEMA}.items DROP INDEX name")
    engine.start()
    finish(scene, engine, source, target)


@case()
def test_missing_row(scene: Scene):
    """Another program deleted a row at the target: its change must find it, else it is a question."""
    source, target = scene.source(), scene.target("any")
    items(source, 300)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    target.query(f"DELETE FROM {SCHEMA}.items WHERE id = 50")
    run_all(source, [f"UPDATE {SCHEMA}.items SET x = 1000 WHERE id = 50"])
    question = asked(engine, "TG-3109")
    target.query(f"INSERT INTO {SCHEMA}.items VALUES (50,'name 50',1)")
    answers(engine, question, "retry")
    finish(scene, engine, source, target)


@case()
def test_ddl_refused_by_the_target(scene: Scene):
    source, target = scene.source(), scene.target("any")
    items(source, 300)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    target.query(f"ALTER TABLE {SCHEMA}.items ADD COLUMN taken INT")
    run_all(source, [f"ALTER TABLE {SCHEMA}.items ADD COLUMN taken INT", f"UPDATE {SCHEMA}.items SET taken = 5 WHERE id = 5"])
    question = engine.question()
    check(question["id"] in ("TG-5202", "TG-3104"), f"another question: {question}")
    target.query(f"ALTER TABLE {SCHEMA}.items DROP COLUMN taken")
    answers(engine, question, "retry")
    finish(scene, engine, source, target)


CHILD = f"CREATE TABLE {SCHEMA}.child (id INT NOT NULL PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES {SCHEMA}.boss (id) ON {{}} CASCADE)"
UNFIT = {  # name: (statements before, statements meanwhile, id)
    "renamed-in": (["CREATE DATABASE tg_other", "CREATE TABLE tg_other.o (id INT NOT NULL PRIMARY KEY)", "INSERT INTO tg_other.o VALUES (1)"],
                   [f"RENAME TABLE tg_other.o TO {SCHEMA}.o"], "TG-5203"),
    "exchanged-partition": ([f"CREATE TABLE {SCHEMA}.p (id INT NOT NULL PRIMARY KEY) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin PARTITION BY HASH (id) PARTITIONS 2", "CREATE DATABASE tg_other CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                             "CREATE TABLE tg_other.o (id INT NOT NULL PRIMARY KEY) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin", "INSERT INTO tg_other.o VALUES (2)"],
                            [f"ALTER TABLE {SCHEMA}.p EXCHANGE PARTITION p0 WITH TABLE tg_other.o"], "TG-5203"),
    "cascade": ([f"CREATE TABLE {SCHEMA}.child (id INT NOT NULL PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES {SCHEMA}.items (id) ON DELETE CASCADE)",
                 f"INSERT INTO {SCHEMA}.child VALUES (1,5)"], [f"DELETE FROM {SCHEMA}.items WHERE id = 5"], "TG-5204"),
    "cascade-renamed": ([f"CREATE TABLE {SCHEMA}.boss (id INT NOT NULL PRIMARY KEY)", f"INSERT INTO {SCHEMA}.boss VALUES (1), (2)", CHILD.format("DELETE")],
                        [f"RENAME TABLE {SCHEMA}.boss TO {SCHEMA}.chief", f"DELETE FROM {SCHEMA}.chief WHERE id = 1"], "TG-5204"),
    "cascade-column": ([f"CREATE TABLE {SCHEMA}.boss (id INT NOT NULL PRIMARY KEY, v INT)", f"INSERT INTO {SCHEMA}.boss VALUES (1,1), (2,2)", CHILD.format("UPDATE")],
                       [f"ALTER TABLE {SCHEMA}.boss CHANGE id number INT NOT NULL, ADD COLUMN w INT FIRST", f"UPDATE {SCHEMA}.boss SET number = 7 WHERE number = 1"],
                       "TG-5204"),
    "cascade-outside": (["CREATE DATABASE tg_other", "CREATE TABLE tg_other.boss (id INT NOT NULL PRIMARY KEY)", "INSERT INTO tg_other.boss VALUES (1), (2)"],
                        [CHILD.format("DELETE").replace(f"REFERENCES {SCHEMA}.boss", "REFERENCES tg_other.boss")], "TG-5204"),
    "cascade-added": (["CREATE DATABASE tg_other", "CREATE TABLE tg_other.boss (id INT NOT NULL PRIMARY KEY)", "INSERT INTO tg_other.boss VALUES (1), (2)",
                       f"CREATE TABLE {SCHEMA}.late (id INT NOT NULL PRIMARY KEY, p INT)"],
                      [f"ALTER TABLE {SCHEMA}.late ADD FOREIGN KEY (p) REFERENCES tg_other.boss (id) ON DELETE SET NULL"], "TG-5204"),
}


@case(for_each=[*((name, name) for name in UNFIT), ("cascade-native", "cascade", "mysql97-file", "--innodb-native-foreign-keys=ON")])
def test_ddl_that_brings_rows(scene: Scene, name, kind="mariadb", *options):
    """Rows that the binlog does not hold: a question before anything behind is applied."""
    before, meanwhile, identity = UNFIT[name]
    source, target = scene.source(kind, options), scene.target("any")
    items(source, 300)
    run_all(source, before)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    run_all(source, [*meanwhile, f"INSERT INTO {SCHEMA}.items VALUES (7777,'behind',1)"])

    def told():
        if not engine.alive():
            return True
        return (engine.status() or {}).get("questions")
    wait_for(told, 60, f"a question {identity}")
    if engine.alive():
        equal(engine.question()["id"], identity, "id of the question")
    else:
        equal(engine.ended(), EXIT["person"], "exit code")
        check(identity in engine.text(), f"no {identity} in {engine.text()[-2000:]}")


@case(for_each=[("mariadb", "mariadb"), ("mysql56", "mysql56")])
def test_cascade_swapped(scene: Scene, kind):
    """References follow their table through a swap: the one that has its name now is nobody's parent, the one that was the
    parent is it still, also for an engine that knows the swap from the ledger only."""
    source, target = scene.source(kind), scene.target("any")
    items(source, 300)
    run_all(source, [f"CREATE TABLE {SCHEMA}.boss (id INT NOT NULL PRIMARY KEY)", f"CREATE TABLE {SCHEMA}.other LIKE {SCHEMA}.boss",
                     f"INSERT INTO {SCHEMA}.boss VALUES (1), (2)", f"INSERT INTO {SCHEMA}.other VALUES (1), (2)", CHILD.format("DELETE"),
                     f"INSERT INTO {SCHEMA}.child VALUES (1,1), (2,2)"])
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    run_all(source, [f"RENAME TABLE {SCHEMA}.boss TO {SCHEMA}.x, {SCHEMA}.other TO {SCHEMA}.boss, {SCHEMA}.x TO {SCHEMA}.other",
                     f"DELETE FROM {SCHEMA}.boss WHERE id = 1", f"CREATE TABLE {SCHEMA}.twin LIKE {SCHEMA}.child"])
    finish(scene, engine, source, target)
    engine.start()
    engine.until_state("in-sync")
    run_all(source, [f"DELETE FROM {SCHEMA}.other WHERE id = 1"])
    equal(engine.ended(), EXIT["person"], "exit code")
    check("TG-5204" in engine.text(), f"no TG-5204 in {engine.text()[-2000:]}")


@case()
def test_cascade_accepted(scene: Scene):
    """A child of a table outside the job is refused, before the run and in the middle of it, until a person accepts it."""
    source, target = scene.source("mariadb"), scene.target("any")
    items(source, 300)
    run_all(source, ["CREATE DATABASE tg_other", "CREATE TABLE tg_other.boss (id INT NOT NULL PRIMARY KEY)",
                     CHILD.format("DELETE").replace(f"REFERENCES {SCHEMA}.boss", "REFERENCES tg_other.boss")])
    engine = scene.engine(source, target).start()
    equal(engine.ended(), EXIT["check"], f"exit code of\n{engine.text()[-1500:]}\nwhich")
    check("foreign_key.cascade" in engine.text() and "not in the job" in engine.text(), f"it says: {engine.text()[-1500:]}")
    engine = scene.engine(source, target, name="accepted", checks={"accept": ["foreign_key.cascade: nobody deletes bosses"]}).start()
    engine.until_state("in-sync")
    run_all(source, [CHILD.format("DELETE").replace(f"REFERENCES {SCHEMA}.boss", "REFERENCES tg_other.boss").replace(".child", ".second"),
                     "RENAME TABLE tg_other.boss TO tg_other.chief", f"INSERT INTO {SCHEMA}.items VALUES (7777,'behind',1)"])
    finish(scene, engine, source, target)
    moved = target.query("SELECT COUNT(DISTINCT table_id) FROM tidegate_meta.definition WHERE sql_text LIKE '%FOREIGN%chief%'")
    equal(moved[0][0], 2, "children that refer to the new name, as the ledger has it")


# ---- what a resumed run may meet -----------------------------------------------------------------------------------

@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid"), ("mysql97-file", "mysql97-file")])
def test_purged_binlog(scene: Scene, kind):
    source, target = scene.source(kind), scene.target("any")
    items(source, 300)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    engine.stop()
    run_all(source, [f"UPDATE {SCHEMA}.items SET x = 0 WHERE id < 9", "FLUSH BINARY LOGS", "FLUSH BINARY LOGS"])
    newest = position(source)[0]

    def purged():  # a file that the old connection still reads stays
        source.query(f"PURGE BINARY LOGS TO '{newest}'")
        return source.query("SHOW BINARY LOGS")[0][0] == newest
    wait_for(purged, 30, "the end of the old binlogs", pause=0.2)
    engine.start()
    equal(engine.ended(60), EXIT["person"], "exit code")
    check("TG-5102" in engine.text(), f"no TG-5102 in {engine.text()[-2000:]}")


@case(for_each=[("mariadb", "mariadb"), ("mysql97-gtid", "mysql97-gtid")])
def test_another_source(scene: Scene, kind):
    """The same address leads to another server, or to one that was reset: a question or an end, never a guess."""
    source, target, other = scene.source(kind), scene.target("any"), scene.source(kind)
    items(source, 300)
    items(other, 400)
    proxy = scene.proxy(source)
    engine = scene.engine(proxy, target).start()
    engine.until_state("in-sync")
    engine.stop()
    proxy.redirect(other)
    engine.start()
    equal(engine.ended(60), EXIT["person"], "exit code")
    check("TG-2106" in engine.text() or "TG-5102" in engine.text(), f"neither TG-2106 nor TG-5102 in {engine.text()[-2000:]}")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.items")[0][0], 300, "rows at the target, untouched")


# ---- DDL of the common kinds -----------------------------------------------------------------------------------------

DDL = [
    "ALTER TABLE {}.items ADD COLUMN a1 VARCHAR(10) NOT NULL DEFAULT 'it''s' AFTER id, ADD COLUMN a2 INT FIRST",
    "INSERT INTO {}.items (id,name,x,a1,a2) VALUES (9001,'n',1,'v',2)",
    "ALTER TABLE {}.items MODIFY COLUMN x BIGINT UNSIGNED", "UPDATE {}.items SET x = 18446744073709551615 WHERE id = 3",
    "ALTER TABLE {}.items CHANGE COLUMN name label VARCHAR(80)", "UPDATE {}.items SET label = REPEAT('l',80) WHERE id = 4",
    "CREATE UNIQUE INDEX u ON {}.items (id, x)", "ALTER TABLE {}.items DROP INDEX u, ADD INDEX i (label(10))", "DROP INDEX i ON {}.items",
    "CREATE TABLE {}.`odd ``name` (`a b` INT NOT NULL PRIMARY KEY, `select` VARCHAR(9) COMMENT 'quo''te; -- no')",
    "INSERT INTO {}.`odd ``name` VALUES (1,'x'),(2,NULL)", "CREATE TABLE {}.copy LIKE {}.items", "INSERT INTO {}.copy SELECT * FROM {}.items",
    "RENAME TABLE {}.items TO {}.tmp, {}.copy TO {}.items, {}.tmp TO {}.copy", "DELETE FROM {}.items WHERE id % 2 = 0", "UPDATE {}.copy SET x = 12 WHERE id = 1",
    "TRUNCATE TABLE {}.`odd ``name`", "INSERT INTO {}.`odd ``name` VALUES (5,'five')", "ALTER TABLE {}.copy RENAME TO {}.copied",
    "ALTER TABLE {}.copied DROP COLUMN a1", "INSERT INTO {}.copied (id,label,x,a2) VALUES (9100,'z',0,1)", "CREATE TABLE IF NOT EXISTS {}.items (id INT)",
    "DROP TABLE IF EXISTS {}.never_was", "CREATE TABLE {}.gone (id INT NOT NULL PRIMARY KEY)", "INSERT INTO {}.gone VALUES (1)", "DROP TABLE {}.gone",
    "CREATE TABLE {}.gone (id VARCHAR(5) NOT NULL PRIMARY KEY)", "INSERT INTO {}.gone VALUES ('again')",
    "/* a comment */ ALTER TABLE /*! {}.gone */ ADD COLUMN c2 TEXT", "UPDATE {}.gone SET c2 = 'text'", "ANALYZE TABLE {}.gone",
    "CREATE TABLE {}.no_key (a INT, b VARCHAR(9))", "INSERT INTO {}.no_key VALUES (1,'x'),(1,'x'),(NULL,NULL)", "DELETE FROM {}.no_key WHERE a = 1 LIMIT 1",
    "ALTER TABLE {}.no_key ADD PRIMARY KEY (a)", "UPDATE {}.no_key SET b = 'keyed'",
    "CREATE TABLE {}.taken (PRIMARY KEY (id)) AS SELECT id, x FROM {}.items WHERE id < 100", "UPDATE {}.taken SET x = 1 WHERE id < 9",
    "CREATE TABLE {}.taken_none SELECT * FROM {}.items WHERE id < 0", "INSERT INTO {}.taken_none SELECT * FROM {}.items WHERE id < 50",
    "CREATE TABLE {}.taken_much (KEY (b)) AS SELECT a.id * 1000 + b.id AS b, a.x FROM {}.items a, {}.items b WHERE a.id < 40",
    "DROP TABLE {}.taken_none", "CREATE TABLE {}.taken_none AS SELECT 'again' AS v",
]
DDL_DELETES_NULL = "DELETE FROM {}.no_key WHERE a IS NULL"


@case()
def test_sequence(scene: Scene):
    """What a SEQUENCE of MariaDB writes into the binlog looks like rows of a table that nobody has made. It stays where it is."""
    source, target = scene.source("mariadb"), scene.target("any")
    items(source, 300)
    run_all(source, [f"CREATE SEQUENCE {SCHEMA}.s START WITH 5 CACHE 3"])
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    run_all(source, [*[f"SELECT NEXTVAL({SCHEMA}.s)"] * 8, f"CREATE SEQUENCE {SCHEMA}.s2", f"SELECT NEXTVAL({SCHEMA}.s2)",
                     f"ALTER SEQUENCE {SCHEMA}.s RESTART 50", f"SELECT SETVAL({SCHEMA}.s, 70)",
                     f"CREATE TABLE {SCHEMA}.t2 (id BIGINT PRIMARY KEY DEFAULT NEXTVAL({SCHEMA}.s), v INT)",
                     f"INSERT INTO {SCHEMA}.t2 (v) VALUES (1), (2)", f"DROP SEQUENCE {SCHEMA}.s2"])
    finish(scene, engine, source, target)


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97-gtid"), ("mysql56", "mysql56")])
def test_ddl(scene: Scene, kind):
    """DDL of the common kinds, among them CREATE TABLE … SELECT: no row in it, one, and many parts of a transaction."""
    source, target = scene.source(kind), scene.target("any")
    items(source, 500)
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    for statement in DDL:
        if "no_key ADD PRIMARY" in statement:
            run_all(source, [DDL_DELETES_NULL.format(SCHEMA)])
        if "IF NOT EXISTS" in statement and kind == "mysql56":
            continue
        run_all(source, [statement.replace("{}", SCHEMA)])
    finish(scene, engine, source, target)


if __name__ == "__main__":
    main()
