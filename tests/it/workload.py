#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Twenty tables, their rows, and somebody who keeps changing them.

A table is a list of columns, each with an SQL expression over two integers: `n`, which decides the row's key,
and `v`, which decides everything else. The same expression fills the table (n and v from a table of numbers),
and stands in the stored procedure `tg_src.burst` that runs small transactions on the source, where a client in
Python would be too slow. Every expression hits its type's edges for some v.
Two schemas: `tg_it` is moved, `tg_src` (numbers, procedure) is not.

As a program: `workload.py fill|write --port N …`; `write` ends on SIGTERM and prints what it did as JSON.
"""

import argparse
import json
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import pymysql

SCHEMA, HELPER = "tg_it", "tg_src"
MODES = "STRICT_TRANS_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
FILL_STEP = 20_000  # rows per transaction
WRITERS = 4

Column = namedtuple("Column", "name type value")
Table = namedtuple("Table", "name columns keys key_columns share tail")


# ---- values: every function answers an SQL expression over {v} --------------------------------------------

def mix(salt):
    """32 well mixed bits."""
    return f"CRC32(CONCAT({{v}},'{salt}'))"


def sha(salt, bits=256):
    return f"SHA2(CONCAT({{v}},'{salt}'),{bits})"


def nullable(value, every=11, at=3):
    return f"IF(MOD({{v}},{every})={at},NULL,{value})"


def edges(values, other, every=None):
    """One of `values` for a few v, `other` for the rest."""
    every = every or len(values) * 5 + 3
    cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
    return f"CASE MOD({{v}},{every}) {cases} ELSE {other} END"


def utf8(text):
    return f"CONVERT(X'{text.encode().hex()}' USING utf8mb4)"


def latin(code):
    return f"CONVERT(X'{bytes(code).hex()}' USING latin1)"


def integer(bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    offset = 1 << bits - 1 if signed else 0
    if bits <= 32:
        other = f"CAST({mix(bits)} % {1 << bits} AS SIGNED) - {offset}"
    else:
        other = f"CAST({mix('a')} * 2147483648 + {mix('b')} AS SIGNED)" + (" - 4611686018427387904" if signed else "")
    return nullable(edges([str(low), str(high), "0", "1", str(high // 2 + 1)], other), 13, 9)


TRICKY = ["", "it's \"quoted\" `so`", "back\\slash \\n \\0 \\", "nul\0in\x1athe\rmiddle\nend", "😀 漢字 é 🏳️‍🌈", "trailing   ",
          "100% _under_ \\% \\_", "tab\tand, comma; -- no comment /* nor this */ #", "NULL", "\\N", "A", "a", "'", "\\'",
          "ß ss Ü ü"]


def text(limit, salt="t", filler=None):
    return nullable(edges([utf8(value[:limit]) for value in TRICKY], filler or f"LEFT({sha(salt)},{limit})"), 17, 16)


def bytes_(limit, salt="b"):
    values = ["''", "X'00'", "X'0000000041'", "X'ff00fe5c27220a0d1a'", "X'5c'", "X'27'", "X'20'", "X'80ffc328a0'"]
    values = [value if len(value) // 2 - 1 <= limit else "X'00'" for value in values]
    return nullable(edges(values, f"LEFT(UNHEX({sha(salt, 512)}),{limit})"), 19, 17)


def clock(digits):
    fraction = f",'.',LPAD({mix('f')} % {10 ** digits},{digits},'0')" if digits else ""
    return (f"CONCAT(LPAD({mix('h')} % 24,2,'0'),':',LPAD({mix('m')} % 60,2,'0'),':',"
            f"LPAD({mix('s')} % 60,2,'0'){fraction})")


def day(first, days):
    return f"DATE_ADD('{first}', INTERVAL {mix('d')} % {days} DAY)"


def datetime(digits):
    last = "." + "9" * digits if digits else ""
    values = ["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", f"'9999-12-31 23:59:59{last}'", "'2020-00-00 00:00:00'",
              "'2023-02-30 11:12:13'", "'2024-02-29 23:59:59'"]
    return nullable(edges(values, f"CONCAT({day('1900-01-01', 100000)},' ',{clock(digits)})"), 23, digits + 9)


def timestamp(digits):
    last = "." + "9" * digits if digits else ""
    values = ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", f"'2038-01-19 03:14:07{last}'", "'2023-03-26 01:30:00'",
              "'2023-10-29 01:30:00'"]
    return nullable(edges(values, f"CONCAT({day('1971-01-01', 24000)},' ',{clock(digits)})"), 29, digits + 9)


def time_(digits):
    values = ["'-838:59:59'", "'838:59:59'", "'00:00:00'", "'-00:00:01'", "'-11:22:33'", "'24:00:00'"]
    if digits:
        values.append("'-00:00:00." + "0" * (digits - 1) + "1'")
    fraction = f",'.',LPAD({mix('g')} % {10 ** digits},{digits},'0')" if digits else ""
    other = (f"CONCAT(IF({mix('x')} % 2,'-',''),{mix('y')} % 838,':',LPAD({mix('z')} % 60,2,'0'),':',"
             f"LPAD({mix('w')} % 60,2,'0'){fraction})")
    return nullable(edges(values, other), 31, digits + 15)


def real(double):
    largest, smallest = ("1.7976931348623157e308", "2.2250738585072014e-308") if double else ("3.402823e38", "1.17549436e-38")
    values = ["0e0", "1e0", "-1e0", largest, "-" + largest, smallest, "16777216e0", "16777217e0", "0.1e0", "-2.5e-5"]
    return nullable(edges(values, f"({mix('p')} - 2e9) / (1e0 + {mix('q')} % 1000003)"), 37, 36)


def decimal(digits, scale):
    whole = "9" * (digits - scale)
    top = whole + ("." + "9" * scale if scale else "") or "0"
    size = digits - scale
    other = f"CONCAT(IF({mix('e')} % 2,'-',''),LEFT(CONCAT({mix('i')},{mix('j')},{mix('k')},{mix('l')},{mix('o')}),{size})"
    if scale:
        other += f",'.',LEFT(CONCAT({mix('u')},{mix('r')},{mix('t')},{mix('c')}),{scale})"
    return nullable(edges([f"'{top}'", f"'-{top}'", "'0'", "'-0'", "'1'" if size else "'0.5'"], other + ")"), 41, 40)


def document():
    tail = '\\"q\\" \\\\\\\\ 😀", "d": 1.5e10, "big": 18446744073709551615, "neg": -9223372036854775808, "nested": {"x": {}}, "e": []}'
    whole = (f"CONCAT('{{{{\"id\": ',{{v}},', \"s\": \"',{sha('js')},'\", \"a\": [1, 2.5, -3, null, true, false], \"u\": \"',"
             f"{utf8(tail.replace(chr(92) * 2 + chr(34), chr(92) + chr(34)).replace(chr(92) * 4, chr(92) * 2))})")
    values = ["'null'", "'[]'", "'{{}}'", "'\"text\"'", "'3.14'", "'true'", "'[1, [2, [3, {{\"k\": null}}]]]'", "'-5'"]
    return nullable(edges(values, whole), 43, 42)


def column(name, type_, value):
    return Column(name, type_, value)


# ---- the tables -------------------------------------------------------------------------------------------

UTF8 = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
CI = "CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
LATIN = "CHARACTER SET latin1"


def tables(flavour):
    """The twenty tables. `flavour` is a source kind of tests/servers: MySQL 5.6 has no JSON."""
    json_columns = [] if flavour == "mysql56" else [column("doc", "JSON", document())]
    json_small = [] if flavour == "mysql56" else [
        column("doc", "JSON", "IF(MOD({v},5)=1,NULL,CONCAT('{{\"k\": ',MOD({v},9),', \"f\": 0.5}}'))")]
    uuid_collation = " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
    result = []

    def add(name, share, keys, columns, tail, key_columns):
        result.append(Table(name, keys + columns, keys, key_columns, share, tail))

    numbers = [column(f"{name}_{sign[0]}", f"{type_}{' UNSIGNED' if sign == 'unsigned' else ''}", integer(bits, sign == "signed"))
               for name, type_, bits in (("tiny", "TINYINT", 8), ("small", "SMALLINT", 16), ("medium", "MEDIUMINT", 24),
                                         ("plain", "INT", 32), ("big", "BIGINT", 64)) for sign in ("signed", "unsigned")]
    add("integers", 12, [column("id", "INT NOT NULL AUTO_INCREMENT", "{n} - 1")], numbers, "PRIMARY KEY (id)", ["id"])
    add("decimals", 6, [column("id", "BIGINT UNSIGNED NOT NULL", "18446744073709551615 - {n}")],
        [column("d10", "DECIMAL(10,0)", decimal(10, 0)), column("d12_4", "DECIMAL(12,4)", decimal(12, 4)),
         column("d30_10", "DECIMAL(30,10)", decimal(30, 10)), column("d5_5", "DECIMAL(5,5)", decimal(5, 5)),
         column("d65_30", "DECIMAL(65,30)", decimal(65, 30))], "PRIMARY KEY (id)", ["id"])
    add("composite", 8, [column("a", "SMALLINT NOT NULL", "MOD({n},100) - 50"),
                         column("b", f"VARCHAR(20) {UTF8} NOT NULL", "CONCAT('b',{n})"),
                         column("c", "DATE NOT NULL", "DATE_ADD('2000-01-01', INTERVAL MOD({n},5000) DAY)")],
        [column("note", f"VARCHAR(60) {UTF8}", text(60)), column("amount", "DECIMAL(9,2)", decimal(9, 2))],
        "PRIMARY KEY (a,b,c), KEY amount (amount)", ["a", "b", "c"])
    add("string_key", 6, [column("k", f"VARCHAR(40) {UTF8} NOT NULL", "CONCAT(IF(MOD({n},2),'Key','kEY'),FLOOR({n}/2))")],
        [column("note", f"VARCHAR(80) {UTF8}", text(80)), column("x", "INT", integer(32, True))], "PRIMARY KEY (k)", ["k"])
    add("string_key_ci", 4, [column("k", f"VARCHAR(40) {CI} NOT NULL", "CONCAT('Schlüssel ',{n})")],
        [column("note", f"VARCHAR(80) {CI}", text(80))], "PRIMARY KEY (k)", ["k"])
    add("binary_key", 5, [column("k", "BINARY(16) NOT NULL", "UNHEX(LEFT(SHA2({n},256),32))")],
        [column("body", "VARBINARY(60)", bytes_(60)), column("fixed", "BINARY(9)", bytes_(9))], "PRIMARY KEY (k)", ["k"])
    add("varbinary_key", 4, [column("k", "VARBINARY(24) NOT NULL", "UNHEX(CONCAT('00',LPAD(HEX({n}),8,'0'),'00'))")],
        [column("x", "MEDIUMINT UNSIGNED", integer(24, False))], "PRIMARY KEY (k)", ["k"])
    add("uuid_key", 5, [column("id", f"CHAR(36){uuid_collation} NOT NULL",
                               "INSERT(INSERT(INSERT(INSERT(LEFT(SHA2(CONCAT({n},'u'),256),32),21,0,'-'),17,0,'-'),13,0,'-'),9,0,'-')")],
        [column("payload", f"VARCHAR(100){uuid_collation}", text(100)), column("at", "DATETIME(3)", datetime(3))],
        "PRIMARY KEY (id)", ["id"])
    add("unique_key", 5, [column("number", "BIGINT NOT NULL", "{n} * 3 - 7")],
        [column("label", f"VARCHAR(30) {CI}", text(30)), column("maybe", "INT", "IF(MOD({v},3)=0,NULL,{v})")],
        "UNIQUE KEY number (number), KEY label (label)", ["number"])
    add("times", 7, [column("id", "INT UNSIGNED NOT NULL", "{n}")],
        [column("day", "DATE", nullable(edges(["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2020-00-00'", "'2021-02-31'"],
                                              day("1900-01-01", 100000)))),
         column("y", "YEAR", nullable(edges(["'0000'", "1901", "2155", "1970"], f"1901 + {mix('yy')} % 255"), 7, 5)),
         *[column(f"t{digits}", f"TIME({digits})", time_(digits)) for digits in (0, 3, 6)],
         *[column(f"dt{digits}", f"DATETIME({digits})", datetime(digits)) for digits in range(7)]], "PRIMARY KEY (id)", ["id"])
    add("stamps", 5, [column("id", "INT UNSIGNED NOT NULL", "{n}")],
        [column(f"ts{digits}", f"TIMESTAMP({digits}) NULL DEFAULT NULL", timestamp(digits)) for digits in (0, 1, 3, 6)]
        + [column("t1", "TIME(1)", time_(1)), column("t5", "TIME(5)", time_(5))], "PRIMARY KEY (id)", ["id"])
    add("floats", 5, [column("id", "INT NOT NULL", "0 - {n}")],
        [column("f", "FLOAT", real(False)), column("d", "DOUBLE", real(True)), column("f2", "FLOAT", real(False))],
        "PRIMARY KEY (id)", ["id"])
    add("choices", 5, [column("id", "INT NOT NULL", "{n}")],
        [column("e", f"ENUM('one','two','it''s','ümlaut','Z z') {CI}", nullable("1 + MOD({v},5)", 7, 6)),
         column("s", f"SET('a','b','c','d','ê','f f') {CI}", nullable(edges(["0", "63"], "MOD({v},64)"), 9, 8)),
         column("bit1", "BIT(1)", nullable("MOD({v},2)", 5, 4)), column("bit7", "BIT(7)", nullable("MOD({v},128)", 5, 3)),
         column("bit64", "BIT(64)", nullable(edges(["0", "18446744073709551615", "9223372036854775808", "39"],
                                                   mix("bit")), 13, 11))], "PRIMARY KEY (id)", ["id"])
    add("documents", 3, [column("id", "INT NOT NULL", "{n}")],
        [*json_columns, column("title", f"VARCHAR(30) {UTF8}", text(30))], "PRIMARY KEY (id)", ["id"])
    add("texts", 4, [column("id", "INT NOT NULL", "{n}")],
        [column("tiny", f"TINYTEXT {UTF8}", text(60)), column("plain", f"TEXT {UTF8}", text(60, "p", f"REPEAT({sha('p')},1 + MOD({{v}},9))")),
         column("medium", f"MEDIUMTEXT {CI}", text(60, "m")), column("fixed", f"CHAR(12) {UTF8}", text(12)),
         column("long_", f"LONGTEXT {UTF8}", edges([f"REPEAT({utf8('läng ')},4000)"], f"LEFT({sha('l')},9)", 997))],
        "PRIMARY KEY (id)", ["id"])
    add("blobs", 3, [column("id", "INT NOT NULL", "{n}")],
        [column("tiny", "TINYBLOB", bytes_(60)), column("plain", "BLOB", bytes_(64, "p")), column("medium", "MEDIUMBLOB", bytes_(64, "m")),
         column("long_", "LONGBLOB", edges(["REPEAT(X'005c27ff',8000)"], f"LEFT(UNHEX({sha('l')}),9)", 997))],
        "PRIMARY KEY (id)", ["id"])
    latin_values = [latin(range(0x80, 0x90)), latin(range(0xa0, 0xc0)), latin([0xe4, 0xf6, 0xfc, 0xdf]), latin(range(1, 32)), latin([0x81, 0x8d])]
    western = nullable(edges(latin_values, f"CONVERT(CONCAT(X'e9',LEFT({sha('w')},20)) USING latin1)", 31), 17, 16)
    add("western", 5, [column("id", "INT NOT NULL", "{n}")],
        [column("c", f"CHAR(40) {LATIN}", western), column("v", f"VARCHAR(60) {LATIN}", western), column("t", f"TEXT {LATIN}", western)],
        "PRIMARY KEY (id)", ["id"])
    add("accounts", 6, [column("id", "INT NOT NULL", "{n}")],
        [column("balance", "DECIMAL(14,2) NOT NULL DEFAULT 0", f"{mix('ba')} % 1000000 / 100"), column("slot", "BIGINT", "{n} * 2")],
        "PRIMARY KEY (id), UNIQUE KEY slot (slot)", ["id"])
    add("bag", 0.2, [], [column("a", "INT", "MOD({v},40)"), column("b", f"VARCHAR(20) {CI}", "ELT(1 + MOD({v},4),'a','A','b ',NULL)"),
                         column("f", "FLOAT", "ELT(1 + MOD({v},3),0.1,16777216,NULL)"), *json_small,
                         column("at", "DATETIME(6)", "DATE_ADD('2020-01-01 00:00:00.000001', INTERVAL MOD({v},7) HOUR)")], "", [])
    add("heap", 0.2, [], [column("body", f"TEXT {UTF8}", "CONCAT('row ',MOD({v},60))"), column("raw", "BLOB", "UNHEX(HEX(MOD({v},60)))"),
                          column("amount", "DECIMAL(10,3)", "MOD({v},60) / 8"), column("w", f"VARCHAR(9) {LATIN}", f"ELT(1 + MOD({{v}},3),{latin([0xe9])},'e',NULL)"),
                          column("ts", "TIMESTAMP(2) NULL DEFAULT NULL", "ELT(1 + MOD({v},2),'2021-05-06 07:08:09.25',NULL)")], "", [])
    assert len(result) == 20
    return result


def fill_in(expression, n, v):
    return expression.replace("{v}", v).replace("{n}", n).replace("{{", "{").replace("}}", "}")


def create_table(table):
    lines = [f"`{c.name}` {c.type}" for c in table.columns] + ([table.tail] if table.tail else [])
    return f"CREATE TABLE {SCHEMA}.{table.name} ({', '.join(lines)}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_general_ci"


def names(table):
    return ",".join(f"`{c.name}`" for c in table.columns)


def values(table, n, v):
    return ",".join(fill_in(c.value, n, v) for c in table.columns)


def where_key(table, n):
    return " AND ".join(f"`{c.name}`={fill_in(c.value, n, n)}" for c in table.keys)


def rows_of(table, rows):
    total = sum(t.share for t in tables("mariadb"))
    return max(50, int(rows * table.share / total))


# ---- the procedure: many small transactions per call -------------------------------------------------------

def assignments(columns, n, v):
    return ",".join(f"`{c.name}`={fill_in(c.value, n, v)}" for c in columns)


def statements(table, rows):
    """(weight, SQL) of everything one transaction may do to this table alone."""
    name = f"{SCHEMA}.{table.name}"
    near = f"1 + FLOOR(RAND()*{rows})"
    far = f"{rows} + 1 + FLOOR(RAND()*{rows})"
    others = [c for c in table.columns if c not in table.keys]
    insert = f"INSERT INTO {name} ({names(table)}) VALUES ({values(table, 'n', 'v')});"
    if not table.keys:
        few = f"`{table.columns[0].name}` = {fill_in(table.columns[0].value, 'n', 'v')}"
        return [(2, f"SET n = {near}; {insert} {insert}"),
                (2, f"SET n = {near}; UPDATE {name} SET {assignments(others[1:], 'n', 'v + 1')} WHERE {few} LIMIT 1;"),
                (2, f"SET n = {near}; DELETE FROM {name} WHERE {few} LIMIT 2;")]
    update = f"UPDATE {name} SET {assignments(others, 'n', 'v')} WHERE {where_key(table, 'n')};"
    delete = f"DELETE FROM {name} WHERE {where_key(table, 'n')};"
    return [(6, f"SET n = {far}; {insert}"),
            (8, f"SET n = {near}; {update}"),
            (3, f"SET n = {near}; SET m = {far}; UPDATE {name} SET {assignments(table.keys, 'm', 'm')} WHERE {where_key(table, 'n')};"),
            (1, f"SET m = {near}; SET n = {far}; UPDATE {name} SET {assignments(table.keys, 'm', 'm')} WHERE {where_key(table, 'n')};"),
            (3, f"SET n = {near}; {delete}"),
            (1, f"SET n = {near}; {delete} SET v = v + 5; {insert}"),  # gone and back in one transaction
            (1, f"SET n = {far}; {insert} {delete} SET v = v + 3; {insert}")]


def together(rows):
    """(weight, SQL) of transactions over several tables, or with a twist."""
    accounts, composite, unique = (f"{SCHEMA}.{name}" for name in ("accounts", "composite", "unique_key"))
    near = f"1 + FLOOR(RAND()*{rows['accounts']})"
    move = (f"SET n = {near}; SET m = {near}; SELECT slot INTO v FROM {accounts} WHERE id = n FOR UPDATE;"
            f"SELECT slot INTO w FROM {accounts} WHERE id = m FOR UPDATE; IF n <> m AND v IS NOT NULL AND w IS NOT NULL THEN "
            f"UPDATE {accounts} SET slot = -v WHERE id = n; UPDATE {accounts} SET slot = v WHERE id = m;"
            f"UPDATE {accounts} SET slot = w WHERE id = n; END IF;")
    return [(40, f"SET n = {near}; SET m = {near}; UPDATE {accounts} SET balance = balance - 1 WHERE id = n;"
                 f"UPDATE {composite} SET amount = 1.25, note = CONCAT('moved ', v) WHERE a = MOD(n,100) - 50 AND b = CONCAT('b',n);"
                 f"UPDATE {unique} SET label = CONCAT('paid ', v) WHERE number = m * 3 - 7;"
                 f"UPDATE {accounts} SET balance = balance + 1 WHERE id = m;"),
            (20, move),
            (5, f"SET n = {near}; UPDATE {accounts} SET balance = balance + 0.01 WHERE id BETWEEN n AND n + 20;"),
            (5, f"SET n = {near}; UPDATE {accounts} SET balance = balance + 7 WHERE id = n; SAVEPOINT s;"
                f"DELETE FROM {accounts} WHERE id = n + 1; ROLLBACK TO SAVEPOINT s; UPDATE {accounts} SET balance = balance - 3 WHERE id = n + 2;")]


def procedure(all_tables, rows):
    """Answers the CREATE PROCEDURE of tg_src.burst(seed, transactions), which selects (done, refused)."""
    count = {t.name: rows_of(t, rows) for t in all_tables}
    choices = [choice for t in all_tables for choice in statements(t, count[t.name])] + together(count)
    branches, at = [], 0
    for weight, sql in choices:
        at += weight
        branches.append(f"WHEN op < {at} THEN {sql}")
    return f"""CREATE PROCEDURE {HELPER}.burst(IN seed BIGINT, IN transactions INT)
BEGIN
  DECLARE i INT DEFAULT 0; DECLARE done INT DEFAULT 0; DECLARE refused INT DEFAULT 0;
  DECLARE n BIGINT; DECLARE m BIGINT; DECLARE v BIGINT; DECLARE w BIGINT; DECLARE op INT; DECLARE hit INT;
  WHILE i < transactions DO
    BEGIN
      DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
      DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET refused = refused + 1; END;
      SET op = FLOOR(RAND()*{at}); SET v = FLOOR(RAND()*1000000); SET w = NULL;
      START TRANSACTION;
      CASE {' '.join(branches)} END CASE;
      SET hit = ROW_COUNT();
      COMMIT;
      IF hit > 0 THEN SET done = done + 1; END IF;
    END;
    SET i = i + 1;
  END WHILE;
  SELECT done, refused;
END"""


# ---- filling ----------------------------------------------------------------------------------------------

def connect(port, host="127.0.0.1", **options):
    wanted = {"host": host, "port": port, "user": "root", "password": "", "charset": "utf8mb4", "autocommit": True, **options}
    connection = pymysql.connect(**wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION sql_mode='{MODES}', time_zone='+00:00', sql_select_limit=18446744073709551615, autocommit=1")
    return connection


def fill(port, rows, flavour, only=None):
    """Creates both schemas with `rows` rows in all; the same rows for the same arguments."""
    connection = connect(port)
    chosen = tables(flavour)
    with connection.cursor() as cursor:
        for schema in (SCHEMA, HELPER):
            cursor.execute(f"DROP DATABASE IF EXISTS {schema}")
            cursor.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
        numbers(cursor, max(rows_of(t, rows) for t in chosen))
        for table in chosen:
            if only and table.name not in only:
                continue
            cursor.execute(create_table(table))
            for first in range(1, rows_of(table, rows) + 1, FILL_STEP):
                last = min(first + FILL_STEP - 1, rows_of(table, rows))
                cursor.execute(f"INSERT INTO {SCHEMA}.{table.name} ({names(table)}) SELECT {values(table, 's.n', 's.n')} "
                               f"FROM {HELPER}.numbers s WHERE s.n BETWEEN {first} AND {last}")
        if not only:
            cursor.execute(procedure(chosen, rows))
    connection.close()


def numbers(cursor, count):
    """tg_src.numbers with n = 1 … at least count."""
    cursor.execute(f"CREATE TABLE {HELPER}.numbers (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB")
    cursor.execute(f"INSERT INTO {HELPER}.numbers VALUES (1)")
    have = 1
    while have < count:
        cursor.execute(f"INSERT INTO {HELPER}.numbers SELECT n + {have} FROM {HELPER}.numbers WHERE n <= {count - have}")
        have *= 2


# ---- writing ----------------------------------------------------------------------------------------------

class Writing:
    """Some connections that call the procedure at a set rate, until told to stop."""

    def __init__(self, port, rate, seed, burst=20):
        self.port, self.rate, self.seed, self.burst = port, rate, seed, burst
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.done = self.refused = 0
        self.problem = None


    def one(self, place):
        try:
            self.calls(place)
        except Exception as problem:  # reported by run(), whichever thread it was
            self.problem = f"{type(problem).__name__}: {problem}"
            self.over.set()

    def calls(self, place):
        connection = connect(self.port)
        cursor = connection.cursor()
        cursor.execute("SET SESSION innodb_lock_wait_timeout=5")
        cursor.execute(f"SET SESSION rand_seed1={self.seed * 1000 + place + 1}, rand_seed2={self.seed * 77 + place * 991 + 5}")
        share, began, calls = self.rate / WRITERS, time.monotonic(), 0
        while not self.over.is_set():
            cursor.execute(f"CALL {HELPER}.burst(%s,%s)", (place, self.burst))
            done, refused = cursor.fetchone()
            while cursor.nextset():
                pass
            with self.lock:
                self.done += done
                self.refused += refused
            calls += 1
            ahead = began + calls * self.burst / share - time.monotonic() if share else 0
            if ahead > 0:
                self.over.wait(ahead)
        connection.close()

    def run(self):
        began = time.monotonic()
        threads = [threading.Thread(target=self.one, args=(place,)) for place in range(WRITERS)]
        for thread in threads:
            thread.start()
        self.over.wait()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - began
        return {"transactions": self.done, "refused": self.refused, "seconds": round(seconds, 3),
                "rate": round(self.done / seconds, 1), "problem": self.problem}


class Writer:
    """The writer as a process of its own, so that a test's own work never slows it."""

    def __init__(self, port, rate=650, seed=1):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "write", "--port", str(port), "--rate", str(rate), "--seed", str(seed)],
            stdout=subprocess.PIPE, text=True)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """Ends it and answers {transactions, refused, seconds, rate, problem}."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=60)
        return json.loads(out)

    def discard(self):
        if self.alive():
            self.process.kill()
            self.process.wait()


def change_shape(port, number):
    """What the issue wants in between: an ALTER with rows that use it, and a CREATE TABLE with rows."""
    connection = connect(port)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {SCHEMA}.integers ADD COLUMN added_{number} VARCHAR(30) {UTF8} DEFAULT 'pre'")
        cursor.execute(f"UPDATE {SCHEMA}.integers SET added_{number} = CONCAT('post ',id) WHERE MOD(id,37) = {number} LIMIT 400")
        cursor.execute(f"CREATE TABLE {SCHEMA}.created_{number} (id INT NOT NULL PRIMARY KEY, note VARCHAR(50) {UTF8}, "
                       f"at DATETIME(2)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_general_ci")
        cursor.execute(f"INSERT INTO {SCHEMA}.created_{number} SELECT n, CONCAT('it''s ',n), '2024-01-02 03:04:05.67' "
                       f"FROM {HELPER}.numbers WHERE n <= 300")
        cursor.execute(f"DELETE FROM {SCHEMA}.created_{number} WHERE id % 7 = 0")
        cursor.execute(f"ALTER TABLE {SCHEMA}.created_{number} ADD KEY note (note)")
        cursor.execute(f"UPDATE {SCHEMA}.created_{number} SET id = id + 1000 WHERE id % 5 = 0")
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["fill", "write"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--flavour", default="mariadb")
    parser.add_argument("--rate", type=float, default=650)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float)
    asked = parser.parse_args()
    if asked.what == "fill":
        began = time.monotonic()
        fill(asked.port, asked.rows, asked.flavour)
        print(f"filled in {time.monotonic() - began:.1f} s")
        return
    writing = Writing(asked.port, asked.rate, asked.seed)
    signal.signal(signal.SIGTERM, lambda *_: writing.over.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if asked.seconds:
        threading.Timer(asked.seconds, writing.over.set).start()
    print(json.dumps(writing.run()), flush=True)


if __name__ == "__main__":
    main()
