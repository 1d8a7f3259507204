# SPDX-License-Identifier: Apache-2.0
"""What the source is, its binlog, how long that is kept, and what goes on there."""

import struct
import threading

from pymysql.err import OperationalError

from harness import case, check, equal, wait_for  # noqa: I001  (sets the path)
from check_matrix import COVERED, Bench, SCHEMA

KINDS = [(kind, kind) for kind in ("mysql97-file", "mysql56", "mariadb")]
RETENTION = {"mysql97-file": ("binlog_expire_logs_seconds", 86400), "mysql56": ("expire_logs_days", 1), "mariadb": ("binlog_expire_logs_seconds", 86400)}
HOST = "127.0.0.1"  # what a disruptive cure wants typed


def bench_of(scene, kind, options=(), **job):
    bench = Bench(scene, scene.source(kind, options), scene.target("any"), **job)
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY) ENGINE=InnoDB")
    return bench


def rows(bench, sql):
    return list(bench.source.query(sql))


def there_and_back(bench, name, state, *parts, number=1, **how):
    """bad -> cure -> good -> undo -> bad."""
    bench.bad(name, state, *parts)
    bench.cure(name, number, **how)
    bench.good(name)
    bench.undo(name)
    bench.bad(name, state, *parts)


def informational(bench, name, *odd):
    """A check that no state of a server fails: it passes in an unusual one, and tells of it."""
    for part in odd:
        check(part in str(bench.good(name)), f"{name} does not tell of {part}: {bench.last}")
    COVERED.setdefault(name, set()).add("bad")


def part_variables(bench, kind):
    is_97, is_maria = kind == "mysql97-file", kind == "mariadb"
    good = ["version", "source.role", "server_id", "server_id.clash", "binlog_format", "binlog_row_image", "binlog.row_value_options",
            "binlog.compression", "binlog_db", "binlog.gtid", "binlog.retention", "conn_number", "source.long_transactions", "source.xa",
            "dump_privilege", "replication_privilege", "source.privileges"]
    results = bench.run()
    for name in good:
        equal((name, results[name]["state"], results[name]["applies"]), (name, "success", True), str(results[name]))
        COVERED.setdefault(name, set()).add("good")
    check(not bench.last.get("source_grants"), "root lacks something")
    informational(bench, "source.managed", "none")
    bench.sql("SET GLOBAL binlog_format = 'MIXED'")
    there_and_back(bench, "binlog_format", "fail", "MIXED", "TG-2202", "let the writers connect again")
    bench.sql("SET GLOBAL binlog_format = 'ROW'", "SET GLOBAL binlog_row_image = 'NOBLOB'")
    there_and_back(bench, "binlog_row_image", "fail", "NOBLOB", "TG-2202")
    bench.sql("SET GLOBAL binlog_row_image = 'FULL'")
    if is_97:
        bench.sql("SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON'")
        there_and_back(bench, "binlog.row_value_options", "fail", "PARTIAL_JSON")
        bench.sql("SET GLOBAL binlog_row_value_options = ''")
    if kind != "mysql56":
        name = "log_bin_compress" if is_maria else "binlog_transaction_compression"
        bench.sql(f"SET GLOBAL {name} = ON")
        there_and_back(bench, "binlog.compression", "fail", name)
        bench.sql(f"SET GLOBAL {name} = OFF", "SET GLOBAL binlog_row_metadata = 'FULL'")
        informational(bench, "binlog.row_metadata", "FULL", "MINIMAL is enough")
    if not is_maria:
        bench.sql("SET GLOBAL binlog_error_action = 'IGNORE_ERROR'")
        there_and_back(bench, "binlog.events", "warn", "IGNORE_ERROR")
        bench.sql("SET GLOBAL binlog_error_action = 'ABORT_SERVER'")
    bench.good("binlog.events")
    bench.sql("SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "SET GLOBAL sql_select_limit = 1")
    informational(bench, "source.settings", "ANSI_QUOTES", "sql_select_limit = 1")
    bench.sql("SET GLOBAL sql_mode = ''", "SET GLOBAL sql_select_limit = DEFAULT")


def part_retention(bench, kind):
    name, day = RETENTION[kind]
    bench.good("binlog.retention")
    bench.sql(f"SET GLOBAL {name} = {day}")
    there_and_back(bench, "binlog.retention", "fail", "24 h", "72 h or more", "TG-5102", name)
    equal(int(bench.variable(name)), day, "after the undo")
    bench.sql(f"SET GLOBAL {name} = {2 * day}")
    bench.bad("binlog.retention", "warn", "48 h", "7 days")
    bench.job(mode="full", road={"until": "copied"})
    bench.good("binlog.retention")
    if kind == "mysql97-file":
        equal(rows(bench, "SELECT * FROM performance_schema.persisted_variables"), [], "variables that are still persisted")
        bench.job()
        bench.sql(f"SET PERSIST {name} = {3 * day - 1}", f"SET GLOBAL {name} = {day}")
        there_and_back(bench, "binlog.retention", "fail", "24 h")
        equal(rows(bench, "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables"), [(str(3 * day - 1),)], "what was persisted")
        bench.sql(f"RESET PERSIST {name}", "SET GLOBAL binlog_expire_logs_auto_purge = OFF")
        check(bench.good("binlog.retention")["found"] == "for ever", "a binlog that is never purged")


def part_ids(bench, kind):
    own = bench.variable("server_id")
    if kind != "mariadb":  # its least is 1
        bench.sql("SET GLOBAL server_id = 0")
        state = "fail" if kind == "mysql97-file" else "warn"
        equal(bench.one("binlog.dump")["state"] == "fail", state == "fail", "whether a source without an id refuses the dump")
        there_and_back(bench, "server_id", state, "server_id is 0")
        bench.sql(f"SET GLOBAL server_id = {own}")
    bench.job(source={"server-id": own})
    there_and_back(bench, "server_id.clash", "fail", "the source's own id")
    bench.job(source={"server-id": 4711})
    bench.good("server_id.clash")
    bench.sql("CREATE USER replica@'%'", "GRANT REPLICATION SLAVE ON *.* TO replica@'%'")
    with replica_of(bench, "root"):
        there_and_back(bench, "server_id.clash", "warn", "an earlier engine")
    with replica_of(bench, "replica"):
        there_and_back(bench, "server_id.clash", "fail", "each would cut the other off")
    bench.good("server_id.clash")


class replica_of:
    """A replica with id 4711 that reads the binlog, as far as the source can tell."""

    def __init__(self, bench, user):
        self.bench, self.connection = bench, bench.source.connect(user=user)
        file, at = bench.source.query("SHOW BINARY LOGS")[0][0], 4
        self.connection.cursor().execute("SET @master_binlog_checksum = 'NONE'")
        self.connection._execute_command(21, struct.pack("<IBBBHII", 4711, 0, 0, 0, 0, 0, 0))
        self.connection._read_packet()
        self.connection._execute_command(18, struct.pack("<IHI", at, 0, 4711) + file.encode())
        self.connection._read_packet()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """The source itself would only see at its next write that nobody listens."""
        self.connection._force_close()
        for (one,) in rows(self.bench, "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"):
            try:
                self.bench.sql(f"KILL {one}")
            except OperationalError as gone:  # the source has seen it meanwhile
                equal(gone.args[0], 1094, str(gone))
        wait_for(lambda: self.bench.one("server_id.clash")["state"] == "success")


@case("source", for_each=KINDS)
def source(scene, kind):
    """One server of a kind goes through all of it: starting it is what costs."""
    bench = bench_of(scene, kind)
    for part in (part_variables, part_retention, part_ids, part_connections, part_locks, part_role, part_xa):
        part(bench, kind)
        bench.job()


@case("source_sessions")
def source_sessions(scene):
    """A session keeps what it began with: only MySQL from 5.7 on shows it."""
    bench = bench_of(scene, "mysql97-file")
    for name, statement, state in (("binlog_format", "SET SESSION binlog_format = 'STATEMENT'", "fail"),
                                   ("binlog_row_image", "SET SESSION binlog_row_image = 'MINIMAL'", "fail"),
                                   ("binlog.row_value_options", "SET SESSION binlog_row_value_options = 'PARTIAL_JSON'", "fail"),
                                   ("binlog.compression", "SET SESSION binlog_transaction_compression = ON", "fail"),
                                   ("binlog.events", "SET SESSION sql_log_bin = 0", "warn")):
        bench.good(name)
        session = bench.source.connect()
        with session.cursor() as cursor:
            cursor.execute(statement)
        bench.bad(name, state, "of its own", f"KILL {session.thread_id()}")
        bench.cure(name, consent=HOST)
        wait_for(lambda: bench.one(name)["state"] == "success")


def part_connections(bench, kind):
    bench.sql("SET GLOBAL max_connections = 10")
    there_and_back(bench, "conn_number", "fail", "max_connections is 10", "the run needs 12", number=2)
    bench.sql("SET GLOBAL max_connections = 151")
    bench.good("conn_number")
    bench.sql("CREATE USER few@'%'", "GRANT SELECT ON *.* TO few@'%'", "GRANT USAGE ON *.* TO few@'%' WITH MAX_USER_CONNECTIONS 5"
              if kind == "mysql56" else "ALTER USER few@'%' WITH MAX_USER_CONNECTIONS 5")
    bench.job(source={"user": "few"})
    bench.bad("conn_number", "fail", "few may have 5 connections")


def part_xa(bench, kind):
    session = bench.source.connect()
    with session.cursor() as cursor:
        for statement in ("XA START 'a\"b', 'c', 7", f"INSERT INTO {SCHEMA}.t (id) VALUES (1)", "XA END 'a\"b', 'c', 7", "XA PREPARE 'a\"b', 'c', 7"):
            cursor.execute(statement)
    bench.bad("source.xa", "fail", "X'612262',X'63',7", "TG-5103")
    if kind == "mysql56":  # it rolls back when the session ends, and no other one may end it
        session.close()
    else:
        session._force_close()
        wait_for(lambda: not bench.source.query("SELECT 1 FROM information_schema.PROCESSLIST WHERE COMMAND = 'Sleep'"))
        bench.cure("source.xa", 2, consent=HOST)
    equal(rows(bench, "XA RECOVER"), [], "prepared transactions")
    bench.bad("source.xa", "warn", "stops at the next one")
    equal(rows(bench, f"SELECT * FROM {SCHEMA}.t"), [], "what was rolled back")


def part_locks(bench, kind):
    bench.good("source.long_transactions")
    holder, waiter = bench.source.connect(), bench.source.connect()
    holder.cursor().execute("BEGIN")
    holder.cursor().execute(f"SELECT * FROM {SCHEMA}.t")
    thread = threading.Thread(target=lambda: waiter.cursor().execute(f"ALTER TABLE {SCHEMA}.t ADD COLUMN c INT"))
    thread.start()
    wait_for(lambda: bench.one("source.long_transactions")["state"] == "warn")
    bench.bad("source.long_transactions", "warn", "Waiting for table metadata lock", "ALTER TABLE")
    holder.rollback()
    thread.join()
    bench.good("source.long_transactions")


@case("source_long_transactions", long_only=True, for_each=KINDS)
def source_long_transactions(scene, kind):
    bench = bench_of(scene, kind)
    session = bench.source.connect()
    with session.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"INSERT INTO {SCHEMA}.t VALUES (1)")
    wait_for(lambda: bench.one("source.long_transactions")["state"] == "warn", 90)
    bench.bad("source.long_transactions", "warn", "1 rows changed", f"KILL {session.thread_id()}")
    bench.cure("source.long_transactions", consent=HOST)
    wait_for(lambda: bench.one("source.long_transactions")["state"] == "success")


def part_role(bench, kind):
    bench.good("source.role")
    if kind == "mysql97-file":  # a replica keeps what it receives, there
        bench.sql("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.2', SOURCE_PORT = 4406")
        bench.bad("source.role", "warn", "replication does not run", "127.0.0.2:4406")
        bench.sql("RESET REPLICA ALL")
    else:
        bench.sql("CHANGE MASTER TO MASTER_HOST = '127.0.0.2', MASTER_PORT = 4406")
        bench.bad("source.role", "fail", "log_slave_updates is OFF", "replica of 127.0.0.2", "TG-2201")
        bench.job(mode="full", road={"kind": "snapshot", "until": "copied"})
        bench.bad("source.role", "warn", "replication does not run")
        bench.job()
        bench.cure("source.role")
        check('host: "127.0.0.2"' in bench.engine.file.read_text() or "host: 127.0.0.2" in bench.engine.file.read_text(), "the host is not the source's")
        bench.undo("source.role")
        bench.sql("RESET SLAVE ALL")
    bench.good("source.role")


@case("source_gtid")
def source_gtid(scene):
    bench = bench_of(scene, "mysql97-file")
    bench.good("binlog.gtid")
    bench.job(source={"gtid": True})
    there_and_back(bench, "binlog.gtid", "warn", "followed by file and position")
    bench.job(mode="incremental", source={"gtid": True, "start": {"gtid": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"}})
    bench.bad("binlog.gtid", "fail", "start.gtid asks")
    bench.job()
    bench.sql("SET GLOBAL enforce_gtid_consistency = ON", "SET GLOBAL gtid_mode = OFF_PERMISSIVE")
    bench.bad("binlog.gtid", "warn", "OFF_PERMISSIVE")
    bench.sql("SET GLOBAL gtid_mode = ON_PERMISSIVE", "SET GLOBAL gtid_mode = ON")
    bench.good("binlog.gtid")
    bench.sql("SET SESSION gtid_next = 'AUTOMATIC:spring'", f"INSERT INTO {SCHEMA}.t VALUES (1)")
    bench.bad("binlog.gtid", "fail", "with tags", "TG-5103")


@case("source_started_oddly")
def source_started_oddly(scene):
    """What only an option at the start brings about."""
    bench = bench_of(scene, "mariadb", ["--binlog-do-db=other", "--version=10.2.44-MariaDB"])
    bench.bad("version", "warn", "10.2.44", "never tried")
    bench.bad("binlog_db", "fail", f"{SCHEMA} is not in the binlog")
    bench.sql("CREATE DATABASE other", "CREATE TABLE other.t (id INT PRIMARY KEY) ENGINE=InnoDB")
    bench.job(allow={"include": ["other.*"]})
    bench.bad("binlog_db", "warn", "an ALTER from another schema")
    ignoring = bench_of(scene, "mysql97-file", [f"--binlog-ignore-db={SCHEMA}"])
    ignoring.bad("binlog_db", "fail", f"not {SCHEMA}")
    ignoring.sql("CREATE DATABASE other", "CREATE TABLE other.t (id INT PRIMARY KEY)")


@case("source_is_tidb")
def source_is_tidb(scene):
    bench = Bench(scene, scene.target("tidb", judged=False), scene.target("any"))
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.t (id INT PRIMARY KEY)")
    bench.bad("version", "fail", "TiDB writes no binlog")


@case("source_amazon", for_each=[(kind, kind) for kind in ("aurora", "aurora2", "rds")])
def source_amazon(scene, kind):
    secret = scene.logs / "password"
    secret.write_text("secret")
    secret.chmod(0o600)
    bench = bench_of(scene, kind, source={"user": "admin", "password": "${file:%s}" % secret})
    names = {"aurora": "Amazon Aurora 3.", "aurora2": "Amazon Aurora 2.", "rds": "Amazon RDS"}
    check(bench.one("source.managed")["found"].startswith(names[kind]), f"{kind} is not recognised: {bench.last}")
    results = bench.run()
    for name in ("version", "dump_privilege", "replication_privilege", "binlog_format", "source.role", "grants.unknown"):
        equal((name, results[name]["state"]), (name, "success"), str(results[name]))
    there_and_back(bench, "binlog.retention", "fail", "no time at all", "CALL mysql.rds_set_configuration('binlog retention hours', 168)")
    bench.sql("CALL mysql.rds_set_configuration('binlog retention hours', 48)")
    there_and_back(bench, "binlog.retention", "warn", "48 h", "rds_set_configuration('binlog retention hours', 48)")
    bench.sql("SET GLOBAL binlog_format = 'MIXED'")
    bench.bad("binlog_format", "fail", "parameter group", "binlog_format = ROW")
    bench.sql("SET GLOBAL binlog_format = 'ROW'", f"CREATE TABLE {SCHEMA}.k (a INT)")
    check(bench.good("source.lock_path")["found"] == "LOCK TABLES", "the lock of a managed server")
