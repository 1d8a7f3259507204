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
from types_fixture import BINARY_JSON, EVERY, FAMILIES, NOT56, LENIENT, READ, columns, create, empties, form, inserts, rows, text, updates

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
    source, target = scene.source(source_kind, [*options, "--max-allowed-packet=64M"]), scene.target(target_kind, judged=target_kind == "tidb")
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


# ---- names, and columns that no type describes ---------------------------------------------------------------------

ODD_NAME = "o'dd \"na`me`` %s. -- /* é漢字\\;#"
ODD_NAME += "é漢" * 8  # a file's name takes five bytes for each of these
ODD_NAME += "x" * (64 - len(ODD_NAME))
SHAPES = {
    "plain": ("(id INT NOT NULL PRIMARY KEY, a INT)", EVERY),
    "generated": ("(id INT NOT NULL PRIMARY KEY, a INT, v INT AS (a * 2) {virtual}, b VARCHAR(20), s VARCHAR(30) AS (CONCAT(b,'-x')) {stored}, KEY v (v))", NOT56),
    "hidden": ("(id INT NOT NULL PRIMARY KEY, h INT INVISIBLE DEFAULT 7, a INT, z VARCHAR(9) INVISIBLE)", NOT56),
    "hidden_heap": ("(id INT NOT NULL, h INT INVISIBLE DEFAULT 7, a INT)", NOT56),
    "defaults": ("(id INT NOT NULL PRIMARY KEY, a INT, u VARCHAR(36) DEFAULT (UUID()), d INT DEFAULT (1 + 2), t TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3))",
                 NOT56),
}


def name(text):
    return "`" + text.replace("`", "``") + "`"


def everything(server, table):
    """All rows, hidden columns too, as bytes; columns in the source's order."""
    schema, bare = table
    connection = server.connect(init_command=SESSION)
    with connection.cursor() as cursor:
        cursor.execute("SET NAMES utf8mb4")
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_schema=%s AND table_name=%s ORDER BY ordinal_position", (schema, bare))
        names = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT " + ",".join(f"HEX(CONVERT({name(one)} USING utf8mb4))" for one in names).replace("%", "%%") +
                       f" FROM {name(schema)}.{name(bare)}".replace("%", "%%"), ())
        found = sorted(map(repr, cursor.fetchall()))
    connection.close()
    return names, found


@case(for_each=[("mysql56-to-tidb", "mysql56", "tidb"), ("mysql97-to-tidb", "mysql97-gtid", "tidb"), ("mariadb-to-tidb", "mariadb", "tidb")])
def test_shapes(scene: Scene, source_kind, target_kind):
    """Odd names of 64 characters, generated and invisible columns, generated primary keys, defaults by expression."""
    kind = source_kind.partition("-")[0]
    source, target = scene.source(source_kind), scene.target(target_kind)
    odd = (ODD_NAME, ODD_NAME)
    shapes = {one: body for one, (body, kinds) in SHAPES.items() if kind in kinds}
    words = {"virtual": "VIRTUAL", "stored": "STORED" if kind != "mariadb" else "PERSISTENT"}

    def make(prefix):
        return [f"CREATE TABLE {SCHEMA}.{prefix}{one} {body.format(**words)} ENGINE=InnoDB" for one, body in shapes.items()]

    def add(prefix, low):
        return [f"INSERT INTO {SCHEMA}.{prefix}{one} (id,a{',h' if 'hidden' in one else ''}) VALUES {','.join(row)}" for one in shapes
                for row in [[f"({n},{n * 3}{f',{n % 2}' if 'hidden' in one else ''})" for n in range(low, low + 6)]]]

    def odds(low):
        return [f"INSERT INTO {name(odd[0])}.{name(odd[1])} ({name(ODD_NAME)},b) VALUES {','.join(f'({n},{n})' for n in range(low, low + 4))}"]
    statements = [f"CREATE DATABASE {SCHEMA}", *make(""), *add("", 0), f"CREATE DATABASE {name(odd[0])}",
                  f"CREATE TABLE {name(odd[0])}.{name(odd[1])} ({name(ODD_NAME)} INT NOT NULL, b INT, PRIMARY KEY ({name(ODD_NAME)}), "
                  f"KEY {name(ODD_NAME)} (b, {name(ODD_NAME)})) COMMENT='{ODD_NAME.replace(chr(92), chr(92) * 2).replace(chr(39), chr(39) * 2)}'", *odds(0)]
    gipk = [f"SET SESSION sql_generate_invisible_primary_key=1, show_gipk_in_create_table_and_information_schema=0",
            f"CREATE TABLE {SCHEMA}.{{}}gipk (id INT, a INT)", f"INSERT INTO {SCHEMA}.{{}}gipk VALUES (1,2),(1,2),(3,NULL)"] if kind == "mysql97" else []
    run_all(source, statements + [one.replace("{}", "") for one in gipk])
    if gipk:
        source.query("SET GLOBAL show_gipk_in_create_table_and_information_schema=0")
    engine = scene.engine(source, target, allow={"include": [f"{SCHEMA}.*", "o'dd*.*"]}).start()
    engine.until_state("in-sync")
    changes = [*make("s_"), *add("s_", 0), *add("", 100), *odds(100)]
    changes += [f"UPDATE {SCHEMA}.{prefix}{one} SET a=a+1 WHERE id%2=1" for one in shapes for prefix in ("", "s_")]
    changes += [f"DELETE FROM {SCHEMA}.{prefix}{one} WHERE id%5=4" for one in shapes for prefix in ("", "s_")]
    changes += [f"UPDATE {name(odd[0])}.{name(odd[1])} SET b=NULL WHERE {name(ODD_NAME)}%2=0", f"DELETE FROM {name(odd[0])}.{name(odd[1])} WHERE b=3",
                f"ALTER TABLE {name(odd[0])}.{name(odd[1])} ADD COLUMN {name('c' + ODD_NAME[:63])} VARCHAR(9) DEFAULT 'it''s'", *odds(200)]
    changes += [one.replace("{}", "s_") for one in gipk]
    changes += [f"DELETE FROM {SCHEMA}.{prefix}gipk WHERE id=1 LIMIT 1" for prefix in ("", "s_") if gipk]
    run_all(source, changes)
    engine.until_applied(position(source))
    source.query("SET GLOBAL show_gipk_in_create_table_and_information_schema=1") if gipk else None
    tables = [(SCHEMA, f"{prefix}{one}") for one in [*shapes, *(["gipk"] if gipk else [])] for prefix in ("", "s_")]
    for table in [*tables, odd]:
        left, right = everything(source, table), everything(target, table)
        check(len(left[1]) > 1, f"{table} is empty")
        equal(right, left, f"columns and rows of {table}")
    engine.stop()


@case()
def test_large_values(scene: Scene):
    """The tests' TiDB takes 6 MiB a row, and its store in memory ends itself at 8."""
    large_values(scene, "mysql97-file", "tidb", [], 5)


@case(long_only=True, for_each=[("mysql97", "mysql97-file"), ("mariadb", "mariadb"), ("mysql56", "mysql56")])
def test_largest_values(scene: Scene, source_kind):
    large_values(scene, source_kind, "mariadb", ["--max-allowed-packet=64M"], 16)


def large_values(scene, source_kind, target_kind, options, mebibytes):
    """Bytes, text and JSON of that many MiB, copied and followed."""
    kind = source_kind.partition("-")[0]
    source, target = scene.source(source_kind, ["--max-allowed-packet=64M"]), scene.target(target_kind, options, judged=False)
    values = [("b LONGBLOB", f"REPEAT(X'00ff5c27',{mebibytes * 262144})"), ("m MEDIUMBLOB", f"REPEAT(X'f0',{mebibytes * 1048576 - 1})"),
              ("t LONGTEXT CHARACTER SET utf8mb4", f"REPEAT({text('😀')},{mebibytes * 262144})"),
              ("g LONGTEXT CHARACTER SET cp1251", f"REPEAT({text('Ж')},{mebibytes * 300000})"), ("j JSON", "CONCAT('[', REPEAT('123456,', 150000), '1]')")][:4 if kind == "mysql56" else 5]
    tables = [f"CREATE TABLE {SCHEMA}.{prefix}{column.split()[0]} (n INT PRIMARY KEY, {column})" for prefix in ("", "s_") for column, _ in values]
    run_all(source, [f"CREATE DATABASE {SCHEMA}", *tables[:len(values)], *[f"INSERT INTO {SCHEMA}.{column.split()[0]} VALUES (1,{value})" for column, value in values]])
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    run_all(source, [*tables[len(values):], *[f"INSERT INTO {SCHEMA}.{prefix}{column.split()[0]} VALUES (2,{value})" for column, value in values for prefix in ("", "s_")]])
    engine.until_applied(position(source))
    for column, _ in values:
        for prefix in ("", "s_"):
            one = column.split()[0]
            ask = f"SELECT n, LENGTH({one}), SHA2({one},256) FROM {SCHEMA}.{prefix}{one} ORDER BY n"
            if "CHARACTER SET" in column or one == "j":
                ask = ask.replace(f"({one}", f"(CONVERT({one} USING utf8mb4)")
            equal(target.query(ask), source.query(ask), f"{prefix}{column} of {kind}")
    engine.stop()


# ---- consent, and characters that no Unicode has ---------------------------------------------------------------------

@case()
def test_geometry_wants_consent(scene: Scene):
    source, target = scene.source("mysql97-file"), scene.target("tidb")
    run_all(source, [f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.plain (id INT PRIMARY KEY)",
                     f"CREATE TABLE {SCHEMA}.places (id INT PRIMARY KEY, spot POINT NOT NULL SRID 4326, SPATIAL KEY (spot))"])
    engine = scene.engine(source, target).start()
    equal(engine.ended(), EXIT["check"], "exit code without consent")
    check("TG-2122" in engine.text() and f"{SCHEMA}.places.spot" in engine.text() and "geometry-as-bytes" in engine.text(), "the remedy is not named")
    equal(target.query(f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='{SCHEMA}'")[0][0], 0, "tables at the target")
    job = {"allow": {"include": [f"{SCHEMA}.*"], "exclude": [f"{SCHEMA}.places"]}}
    late = scene.engine(source, target, "late", **job).start()
    late.until_state("in-sync")
    run_all(source, [f"CREATE TABLE {SCHEMA}.later (id INT PRIMARY KEY, area POLYGON)"])
    question = late.question()
    equal((question["id"], question["table"]), ("TG-2122", f"{SCHEMA}.later"), "the question")
    check(f"{SCHEMA}.later.area has type polygon" in question["text"], "the stream does not name the column")
    check(late.control("answer", "TG-2122", "stop").returncode == 0, "the answer is refused")
    equal(late.ended(), EXIT["check"], "exit code of a run that was stopped by its answer")
    late = scene.engine(source, target, "late", checks={"accept": ["geometry-as-bytes"]}, **job).start()
    run_all(source, [f"INSERT INTO {SCHEMA}.later VALUES (1, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'))"])
    late.until_state("in-sync")
    late.until_applied(position(source))
    equal(target.query(f"SELECT area FROM {SCHEMA}.later"), source.query(f"SELECT area FROM {SCHEMA}.later"), "the bytes, once they are accepted")
    late.stop()


@case(for_each=[("mysql97", "mysql97-file"), ("mysql56", "mysql56"), ("mariadb", "mariadb")])
def test_lost_characters(scene: Scene, source_kind):
    """gbk has codes without a character: '?' on both paths, said aloud, and a difference unless it is accepted."""
    source, target = scene.source(source_kind), scene.target("any")
    row = "({},X'{}')"
    run_all(source, [f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.words (id INT PRIMARY KEY, w VARCHAR(20) CHARACTER SET gbk, KEY w (w))",
                     f"INSERT INTO {SCHEMA}.words VALUES {row.format(1, 'A2A1')},{row.format(2, 'D55C3F')},{row.format(3, 'A8BB')}"])
    lost = source.query(f"SELECT COUNT(*) FROM {SCHEMA}.words WHERE id<>2 AND w LIKE '?'")[0][0]
    code = next(one for one in ("A2AB", "A6B9", "A8C1", "FEFE") if source.query(f"SELECT CONVERT(CONVERT(X'{one}' USING gbk) USING utf8mb4)")[0][0] == "?")
    scene.note(f"{lost} of the usual ones are lost; {code} is")
    run_all(source, [f"INSERT INTO {SCHEMA}.words VALUES {row.format(4, '61' + code + '62')}"])
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    run_all(source, [f"INSERT INTO {SCHEMA}.words VALUES {row.format(14, '61' + code + '62')},{row.format(12, 'D55C3F')}"])
    engine.until_applied(position(source))
    equal(target.query(f"SELECT id,w FROM {SCHEMA}.words WHERE id IN (4,14,2,12) ORDER BY id"), ((2, "誠?"), (4, "a?b"), (12, "誠?"), (14, "a?b")), "the words")
    check("TG-2121" in engine.text() and "column w" in engine.text(), "the stream does not say what was lost")
    verified = engine.verify()
    equal(verified.returncode, EXIT["different"], f"exit code of verify: {verified.stdout}")
    engine.stop()
    accepting = scene.engine(source, target, "accepting", checks={"accept": ["lost-characters"]})
    equal(accepting.verify().returncode, EXIT["fine"], "exit code of verify where the loss is accepted")


@case(for_each=[("mysql97", "mysql97-gtid"), ("mysql56", "mysql56"), ("mariadb", "mariadb")])
def test_statements_of_other_clients(scene: Scene, source_kind):
    """A DDL is logged in its client's charset; in gbk and sjis the second byte of a character can be a backslash."""
    source, target = scene.source(source_kind), scene.target("any")
    run_all(source, [f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4", f"CREATE TABLE {SCHEMA}.first (id INT PRIMARY KEY)"])
    engine = scene.engine(source, target).start()
    engine.until_state("in-sync")
    for charset, word in (("gbk", "誠"), ("latin1", "é"), ("sjis", "表"), ("big5", "功")):
        run_all(source, [f"CREATE TABLE {SCHEMA}.`{charset}_{word}` (id INT PRIMARY KEY, e ENUM('{word}','x') CHARACTER SET utf8mb4, `{word}` INT) COMMENT '{word}'",
                         f"INSERT INTO {SCHEMA}.`{charset}_{word}` VALUES (1,'{word}',2),(2,'x',3)"], charset=charset)
    engine.until_applied(position(source))
    for charset, word in (("gbk", "誠"), ("latin1", "é"), ("sjis", "表"), ("big5", "功")):
        equal(target.query(f"SELECT id,e,{word} FROM {SCHEMA}.{charset}_{word} ORDER BY id"), ((1, word, 2), (2, "x", 3)), f"what a {charset} client made")
    engine.stop()


if __name__ == "__main__":
    main()
