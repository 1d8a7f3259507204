#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Chunks of tables with a key of any kind: every row once, through the key's own index, however the values lie.

The source's general log holds every statement that the engine read with. They are asked again through EXPLAIN,
and run again in a session that counts what the storage engine was asked for.
"""

import collections
import re

from harness import EXIT, OPTIONS, SOURCES, Scene, case, check, equal, main, same  # noqa: I001  (sets the path)

SCHEMA = "tg_it"
ROWS = 6000
SMALL = {"chunk": "128KiB"}
LOGGED = ["--general-log=1", "--log-output=TABLE"]

Keyed = collections.namedtuple("Keyed", "name columns key values only")


def split_bits(count):
    """n over `count` columns: all but the last 14 hold one value, so that nothing but the tail tells rows apart."""
    return ",".join(f"{{n}} >> {count - 1 - place} & 1" if place >= count - 14 else "5" for place in range(count))


def spread(text):
    """A text whose order is not that of n."""
    return f"CONCAT({text},LEFT(SHA2({{n}},256),40))"


MYSQL8, MARIADB = ("mysql97",), ("mariadb",)
ACCENTS = "ELT(1 + {n} % 7,'a','Á','ä','Z','ß','é','_')"
TEXT_KEYS = [("utf8mb4_bin", None), ("utf8mb4_general_ci", None), ("utf8mb4_unicode_ci", None), ("utf8mb4_0900_ai_ci", MYSQL8),
             ("utf8mb4_0900_as_cs", MYSQL8), ("utf8mb4_0900_bin", MYSQL8), ("utf8mb4_nopad_bin", MARIADB),
             ("utf8mb4_unicode_520_nopad_ci", MARIADB), ("latin1_swedish_ci", None), ("latin1_general_cs", None),
             ("utf8_general_ci", None)]

KEYED = [
    Keyed("dense", "id INT", "id", "{n} - 100", None),
    Keyed("sparse", "id BIGINT", "id",
          "CASE WHEN {n} < 2000 THEN {n} - 9223372036854775807 - 1 ELSE 9223372036854775807 - {n} END", None),
    Keyed("sparse_unsigned", "id BIGINT UNSIGNED", "id",
          "CASE WHEN {n} < 2000 THEN {n} * 7 ELSE 18446744073709551615 - ({n} - 2000) END", None),
    Keyed("skewed", "tenant INT, id INT", "tenant,id", "IF({n} % 100 = 0, {n}, 7), {n}", None),
    Keyed("skewed_text", "tenant VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, id INT", "tenant,id",
          "IF({n} % 3 = 0, 'ACME', 'acme'), {n}", None),
    Keyed("sixteen", ",".join(f"c{place} TINYINT" for place in range(16)), ",".join(f"c{place}" for place in range(16)),
          split_bits(16), None),
    Keyed("narrow", "a INT, b CHAR(3), c DATE, d INT", "a,b,c,d", "1, 'b', '2020-01-01', {n}", None),
    Keyed("mixed", "a DATE, b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, c BINARY(4), d DECIMAL(9,3)", "a,b,c,d",
          "DATE_ADD('2020-01-01', INTERVAL {n} % 5 DAY), CONCAT('k',{n} % 3), LPAD('',4,CHAR({n} % 2)), ({n} - 2000) / 8", None),
    Keyed("uuid_text", "id CHAR(36) CHARACTER SET latin1", "id",
          "INSERT(INSERT(INSERT(INSERT(LEFT(LEFT(SHA2({n},256),40),32),21,0,'-'),17,0,'-'),13,0,'-'),9,0,'-')", None),
    Keyed("uuid_bytes", "id BINARY(16)", "id", "UNHEX(LEFT(LEFT(SHA2({n},256),40),32))", None),
    Keyed("bytes", "id VARBINARY(30)", "id", "CONCAT(UNHEX(LEFT(LEFT(SHA2({n},256),40),8)),CHAR({n} % 3),'''\\\\')", None),
    Keyed("decimals", "id DECIMAL(50,20)", "id", "({n} - 2000) * 123456789012345678.123456789", None),
    Keyed("dates", "id DATE, n INT", "id,n",
          "CASE {n} % 5 WHEN 0 THEN '0000-00-00' WHEN 1 THEN '2021-00-00' WHEN 2 THEN '2021-02-31'"
          " ELSE DATE_ADD('1000-01-01', INTERVAL {n} * 800 DAY) END, {n}", None),
    Keyed("datetimes", "id DATETIME(6), n INT", "id,n",
          "CASE {n} % 5 WHEN 0 THEN '0000-00-00 00:00:00' WHEN 1 THEN '2021-02-31 01:02:03.000004' ELSE"
          " TIMESTAMP(DATE_ADD('1000-01-01', INTERVAL {n} * 800 DAY),'11:22:33.123456') END, {n}", None),
    Keyed("stamps", "id TIMESTAMP(3)", "id", "FROM_UNIXTIME(1698541200 + {n} * 2)", None),  # an hour that is there twice
    Keyed("stamps_zero", "id TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00', n INT", "id,n",
          "IF({n} % 2,'0000-00-00 00:00:00','2023-10-29 01:30:00'), {n}", None),
    Keyed("times", "id TIME(2), n INT", "id,n", "SEC_TO_TIME(({n} - 2000) * 400 + 0.25), {n}", None),
    Keyed("years", "id YEAR, n INT", "id,n", "IF({n} % 9 = 0, 0, 1901 + {n} % 255), {n}", None),
    Keyed("members", "id ENUM('z','','a','ä','4','b_c') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, n INT", "id,n", "1 + {n} % 6, {n}", None),
    Keyed("sets", "id SET('z','a','ä','4','b') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, n INT", "id,n", "{n} % 32, {n}", None),
    Keyed("bits", "id BIT(64)", "id", "({n} * 461168601842738) | 1 << 63", None),
    Keyed("few_bits", "id BIT(11), n INT", "id,n", "{n} % 2048, {n}", None),
] + [Keyed(f"text_{collation}", f"id VARCHAR(60) CHARACTER SET {collation.split('_')[0]} COLLATE {collation}", "id",
           spread(ACCENTS), only) for collation, only in TEXT_KEYS]


def numbers(cursor):
    cursor.execute("CREATE DATABASE tg_src")
    cursor.execute("CREATE TABLE tg_src.digit (d INT)")
    cursor.execute("INSERT INTO tg_src.digit VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    cursor.execute("CREATE TABLE tg_src.number (n BIGINT PRIMARY KEY) SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d AS n"
                   " FROM tg_src.digit a, tg_src.digit b, tg_src.digit c, tg_src.digit d")


def not_null(columns):
    """Each column NOT NULL; parts in brackets hold no border."""
    parts = re.split(r",\s*(?![^()]*\))", columns)
    return ", ".join(part if "NOT NULL" in part else f"{part} NOT NULL" for part in parts)


def fill(server, kind):
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00'")
        cursor.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")
        numbers(cursor)
        for table in keyed(kind):
            cursor.execute(f"CREATE TABLE {SCHEMA}.{table.name} ({not_null(table.columns)}, pad VARCHAR(40), PRIMARY KEY ({table.key}))")
            cursor.execute(f"INSERT INTO {SCHEMA}.{table.name} SELECT {table.values.format(n='n')}, REPEAT('x', n % 20)"
                           f" FROM tg_src.number WHERE n < {ROWS}")
        # no primary key: the first unique key without NULL is what InnoDB keeps the rows by, and so the cheapest to read by
        cursor.execute(f"CREATE TABLE {SCHEMA}.choice (a CHAR(16) NOT NULL, b INT NOT NULL, c INT, d FLOAT NOT NULL,"
                       " UNIQUE KEY hole (c), UNIQUE KEY wide (a, b), UNIQUE KEY narrow (b), UNIQUE KEY inexact (d))")
        cursor.execute(f"INSERT INTO {SCHEMA}.choice SELECT LEFT(SHA2(n,256),16), n * 3, NULL, n FROM tg_src.number WHERE n < {ROWS}")
        cursor.execute(f"ANALYZE TABLE {', '.join(SCHEMA + '.' + table.name for table in keyed(kind))}, {SCHEMA}.choice")
    connection.commit()
    connection.close()


def keyed(kind):
    return [table for table in KEYED if not table.only or SOURCES[kind][0] in table.only]


def statements(server):
    """What the engine read with: {table: [statement]}."""
    found = collections.defaultdict(list)
    for (text,) in server.query("SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE argument LIKE 'SELECT%FORCE INDEX%'"):
        name = re.search(rf"FROM `{SCHEMA}`\.`([^`]+)` FORCE INDEX", text)
        if name and "mysql.general_log" not in text:
            found[name.group(1)].append(text)
    return found


def explained(cursor, kind, text):
    cursor.execute(f"EXPLAIN {'' if kind == 'mariadb' else 'FORMAT=TRADITIONAL '}{text}")
    rows = cursor.fetchall()
    names = [column[0] for column in cursor.description]
    equal(len(rows), 1, f"rows of EXPLAIN {text}")
    return dict(zip(names, rows[0]))


def handler_reads(cursor):
    cursor.execute("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'")
    return sum(int(value) for _, value in cursor.fetchall())


@case(for_each=[(kind, kind) for kind in ("mysql56", "mysql97-gtid", "mariadb")])
def test_keys(scene: Scene, kind):
    """Every kind of key: equal at the end, each statement a range of that key in its order, n rows cost about n reads."""
    source, target = scene.source(kind, LOGGED), scene.target("any" if OPTIONS.long else "mariadb", judged=OPTIONS.long)
    fill(source, kind)
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}, limits=SMALL).start()
    equal(engine.ended(200), EXIT["fine"], "exit code")
    tables, _ = same(scene, source, target)
    equal(tables, len(keyed(kind)) + 1, "tables")
    check("TG-2111" not in engine.text(), "a table was read in another way than by ranges of its key")
    source.query("SET GLOBAL general_log = 0")
    read = statements(source)
    equal(sorted(read), sorted([table.name for table in keyed(kind)] + ["choice"]), "tables that were read by a key")
    connection = source.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode='ALLOW_INVALID_DATES', time_zone='+00:00', collation_connection='utf8mb4_bin'")
        for table, texts in read.items():
            key = "wide" if table == "choice" else "PRIMARY"
            bounded = [text for text in texts if " WHERE " in text and "LOCK IN" not in text]
            check(len(bounded) > 2, f"{table} was read in one piece")
            for text in bounded:
                plan = explained(cursor, kind, text)
                if plan["type"] is None:  # nothing can lie behind the last value of a type
                    continue
                is_sorted = "sort" in (plan["Extra"] or "") and "IN (NULL)" not in text  # the last member of an ENUM, alone
                check(plan["key"] == key and plan["type"] in ("range", "ref", "const") and not is_sorted, f"{table}: {plan} of {text}")
            before = handler_reads(cursor)
            for text in texts:
                cursor.execute(text)
                cursor.fetchall()
            reads = handler_reads(cursor) - before
            parts = 3 if any("LOCK IN" in text for text in texts) else 2  # borders, rows, and where they must, locks
            check(reads <= parts * ROWS * 1.1 + 20 * len(texts),
                  f"{table}: {reads} reads for {ROWS} rows by\n" + "\n".join(texts))
    connection.close()


@case(for_each=[("mariadb", "mariadb")])
def test_broken_answers(scene: Scene, kind):
    """An error or a cut after any packet of a chunk's answer, or of a border's, never moves the cursor."""
    source, target = scene.source(kind), scene.target("mariadb", judged=False)
    rows = 30_000
    connection = source.connect()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.long_one (a INT NOT NULL, b INT NOT NULL, pad VARCHAR(40), PRIMARY KEY (b, a))")
        for first in range(0, rows, 5000):
            values = ",".join(f"({n % 97},{n},REPEAT('x',30))" for n in range(first, first + 5000))
            cursor.execute(f"INSERT INTO {SCHEMA}.long_one VALUES {values}")
    connection.commit()
    connection.close()
    proxy = scene.proxy(source)
    broken = [proxy.breaks("`pad` FROM .* ORDER BY", packets, code, nth=2 * place + 1)
              for place, (packets, code) in enumerate([(0, 0), (1, 0), (2, 1105), (4, 0), (5, 0), (6, 1317), (7, 0), (50, 2013), (700, 0), (900, 1028)])]
    broken += [proxy.breaks("LIMIT 1 OFFSET", packets, code, nth=2 * place + 2) for place, (packets, code) in enumerate([(0, 0), (3, 1105), (4, 0), (5, 0)])]
    engine = scene.engine(proxy, target, mode="full", road={"until": "copied"}, limits={"chunk": "64KiB", "readers": 3}).start()
    for rule in broken:
        rule.wait(seconds=60)
    equal(engine.ended(120), EXIT["fine"], "exit code")
    equal(same(scene, source, target), (1, rows), "tables and rows")


@case(for_each=[("mysql56", "mysql56")])
def test_unequal_tables(scene: Scene, kind):
    """Many little tables and a large one: all readers have work at once, and a little table costs few questions."""
    source, target = scene.source(kind, LOGGED), scene.target("mariadb", judged=False)
    connection = source.connect()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        numbers(cursor)
        cursor.execute(f"CREATE TABLE {SCHEMA}.huge (id INT NOT NULL PRIMARY KEY, pad VARCHAR(60))")
        cursor.execute(f"INSERT INTO {SCHEMA}.huge SELECT a.n * 10 + b.d, REPEAT('x', 50) FROM tg_src.number a, tg_src.digit b")
        for number in range(100):
            cursor.execute(f"CREATE TABLE {SCHEMA}.little{number} (id INT NOT NULL PRIMARY KEY)")
    connection.commit()
    connection.close()
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}, limits={"chunk": "256KiB", "readers": 4}).start()
    equal(engine.ended(120), EXIT["fine"], "exit code")
    equal(same(scene, source, target), (101, 100_000), "tables and rows")
    asked = source.query("SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE argument LIKE 'SELECT%FORCE INDEX%'"
                         " AND argument NOT LIKE '%general_log%'")
    readers = {thread for thread, text in asked if "`huge`" in text and "ORDER BY" in text}
    check(len(readers) >= 4, f"{len(readers)} of 4 readers have read the large table")
    little = [text for _, text in asked if "`little" in text]
    most = 3 if kind == "mysql56" else 1  # a border, a lock, the rows; MariaDB needs the rows only
    check(len(little) <= most * 100, f"{len(little)} statements for 100 empty tables")


if __name__ == "__main__":
    main()
