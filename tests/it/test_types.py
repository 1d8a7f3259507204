#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every type and charset, through copy and through stream, with every global variable at an odd value.

The same rows go four ways: copied; inserted, updated and deleted while following; into tables that the stream
creates; and in tables without a key, whose rows are found by all their values. The test reads both servers with
expressions of its own and compares values; then it compares what each way left at the target, byte for byte.
"""

import json
import subprocess

from harness import EXIT, Scene, case, check, equal, main, position  # noqa: I001  (sets the path)
from compare import SESSION, plain_number
from types_fixture import BINARY_JSON, FAMILIES, LENIENT, READ, columns, create, empties, form, inserts, rows, updates

SCHEMA = "tg_it"
COPIED, INSERTED, UPDATED, DELETED = 0, 1000, 2000, 3000
ZONES = ("Asia/Shanghai", "America/New_York")

ODD_MODES = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,NO_ZERO_DATE,NO_ZERO_IN_DATE,PAD_CHAR_TO_FULL_LENGTH,STRICT_ALL_TABLES"
ODD = ["SET GLOBAL sql_select_limit=3", "SET GLOBAL autocommit=0", "SET GLOBAL group_concat_max_len=8", "SET GLOBAL div_precision_increment=0",
       f"SET GLOBAL sql_mode='{ODD_MODES}'", "SET GLOBAL character_set_server=latin1"]
ODD_CLASSIC = ["SET GLOBAL collation_connection=latin1_german1_ci", "SET GLOBAL character_set_results=latin1", "SET GLOBAL character_set_client=latin1",
               "SET GLOBAL sql_safe_updates=1", "SET GLOBAL max_error_count=0", "SET GLOBAL lc_time_names='de_DE'", "SET GLOBAL binlog_rows_query_log_events=1",
               "SET GLOBAL max_sort_length=8", "SET GLOBAL sql_auto_is_null=1", "SET GLOBAL completion_type=1", "SET GLOBAL default_week_format=3"]
ODD_97 = ["SET GLOBAL sql_generate_invisible_primary_key=0", "SET GLOBAL show_gipk_in_create_table_and_information_schema=0",
          "SET GLOBAL explicit_defaults_for_timestamp=0"]


def make_odd(server, zone):
    statements = [*ODD, f"SET GLOBAL time_zone='{zone}'"]
    if server.name == "tidb":
        statements.remove("SET GLOBAL div_precision_increment=0")
    else:
        statements += [one for one in ODD_CLASSIC if server.name != "mariadb" or "rows_query" not in one]
        zones = "".join(subprocess.run(["mariadb-tzinfo-to-sql", f"/usr/share/zoneinfo/{name}", name], stdout=subprocess.PIPE, text=True,
                                       check=True).stdout for name in ZONES)
        connection = server.connect(database="mysql", init_command="SET SESSION sql_mode='', autocommit=1")
        with connection.cursor() as cursor:
            for one in zones.replace("\\d", "").split(";"):
                if one.strip().upper().startswith(("INSERT", "SET @TIME_ZONE", "TRUNCATE")):
                    cursor.execute(one)
        connection.close()
    statements += ODD_97 if server.name == "mysql97" else []
    connection = server.connect()
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(one)
    connection.close()


def run_all(server, statements, charset="utf8mb4", database=None):
    connection = server.connect(init_command=LENIENT, charset=charset, database=database)
    with connection.cursor() as cursor:
        cursor.execute(f"SET NAMES {charset}")
        for one in statements:
            cursor.execute(one)
    connection.close()


def read(server, table, family, kind, where="", schema=SCHEMA):
    """{n: [values]} of a table, lists of them where n repeats."""
    chosen = columns(family, kind)
    fields = ",".join(READ[form(one)].format(f"`{name}`") for name, one in chosen)
    connection = server.connect(init_command=SESSION)
    with connection.cursor() as cursor:
        cursor.execute("SET NAMES utf8mb4")
        cursor.execute(f"SELECT n,{fields} FROM {schema}.{table} {where}")
        found = cursor.fetchall()
    connection.close()
    return sorted(([one[0], *one[1:]] for one in found), key=lambda row: (row[0], repr(row)))


def document(value):
    """JSON as TiDB keeps it: 1.0 is 1, 1e20 is written out, members in order."""
    return value and json.dumps(json.loads(bytes.fromhex(value).decode(), parse_float=plain_number, parse_int=integer), sort_keys=True)


def integer(digits):
    return int(digits) if -(1 << 63) <= int(digits) < 1 << 64 else float(digits)


def settle(found, family, kind, exact):
    """Where a target stores another text for the same value."""
    forms = ["number", *(form(one) for _, one in columns(family, kind))]
    return [[document(value) if shape == "json" and not exact else float(value) + 0.0 if shape in ("double", "rounded") and value is not None else
             value for shape, value in zip(forms, row)] for row in found]


def differences(left, right, family, kind, what):
    names = ["n", *(f"{name} {one.type[:60]}" for name, one in columns(family, kind))]
    lines = [] if len(left) == len(right) else [f"{what}: {len(left)} and {len(right)} rows"]
    for one, other in zip(left, right):
        lines += [f"{what} row {one[0]} {name}: {str(a)[:80]!r} and {str(b)[:80]!r}" for name, a, b in zip(names, one, other) if a != b]
    return lines


def fill(source, kind, families):
    statements = [f"CREATE DATABASE {SCHEMA} CHARACTER SET latin1"]
    for name, family in families.items():
        for table, key in ((f"{SCHEMA}.{name}", True), (f"{SCHEMA}.k_{name}", False)):
            statements += [create(table, family, kind, key), *inserts(table, family, kind, COPIED), *empties(table, family, kind, UPDATED),
                           *inserts(table, family, kind, DELETED)]
    run_all(source, statements)


def change(source, kind, families):
    statements = []
    for name, family in families.items():
        for table in (f"{SCHEMA}.{name}", f"{SCHEMA}.k_{name}"):
            statements += [*inserts(table, family, kind, INSERTED), *updates(table, family, kind, UPDATED), f"DELETE FROM {table} WHERE n>={DELETED}"]
        table = f"{SCHEMA}.s_{name}"
        statements += [create(table, family, kind), *inserts(table, family, kind, COPIED)]
    run_all(source, statements)


def compare_all(source, target, kind, families, exact=False):
    wrong = []
    for name, family in families.items():
        count = len(rows(family, kind))
        for table, wanted in ((name, 3 * count), (f"k_{name}", 3 * count), (f"s_{name}", count)):
            left, right = (settle(read(one, table, family, kind), family, kind, exact) for one in (source, target))
            equal(len(left), wanted, f"rows of {table} at the source")
            wrong += differences(left, right, family, kind, f"{table}, source and target,")
        ways = {base: read(target, name, family, kind, f"WHERE n>={base} AND n<{base + 1000}") for base in (COPIED, INSERTED, UPDATED)}
        ways["created"] = read(target, f"s_{name}", family, kind)
        copied = [row[1:] for row in ways.pop(COPIED)]
        for way, found in ways.items():
            if [row[1:] for row in found] != copied:
                wrong += differences([[0, *row] for row in copied], [[0, *row[1:]] for row in found], family, kind, f"{name} copied and {way}")
    check(not wrong, f"{len(wrong)} values differ:\n" + "\n".join(wrong[:25]))


def families_of(kind, names=None):
    return {name: family for name, family in FAMILIES.items() if columns(family, kind) and (names is None or name in names)}


@case(for_each=[("mysql56-to-tidb", "mysql56", "tidb", ["--lower-case-table-names=1"], ZONES),
                ("mysql97-to-tidb", "mysql97-gtid", "tidb", [], ZONES[::-1]), ("mariadb-to-tidb", "mariadb", "tidb", [], ZONES),
                ("mysql97-to-mariadb", "mysql97-file", "mariadb", [], ZONES)])
def test_types(scene: Scene, source_kind, target_kind, options, zones):
    kind = source_kind.partition("-")[0]
    source, target = scene.source(source_kind, [*options, "--max-allowed-packet=64M"]), scene.target(target_kind)
    families = families_of(kind)
    if target_kind == "mariadb":  # where JSON is a text: byte for byte as the source shows it
        families = {name: family for name, family in families.items() if name in ("documents", "opaque", "geometry", "numbers")}
        families["binary_json"] = BINARY_JSON
    fill(source, kind, families)
    for server, zone in zip((source, target), zones):
        make_odd(server, zone)
    engine = scene.engine(source, target, checks={"accept": ["geometry-as-bytes"]}).start()
    engine.until_state("in-sync")
    change(source, kind, families)
    engine.until_applied(position(source))
    compare_all(source, target, kind, families, exact=target_kind == "mariadb")
    verified = engine.verify()
    check(verified.returncode == EXIT["fine"] and "PASS" in verified.stdout, f"tidegate verify: exit {verified.returncode}:\n{verified.stdout}")
    engine.stop()
    target.query("SET GLOBAL sql_select_limit=DEFAULT")  # else the record of statements is read in part


if __name__ == "__main__":
    main()
