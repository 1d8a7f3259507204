#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two servers without any help of the engine: every table by count and by a checksum of each row.

Each end prints its rows through the `mariadb` client in a form that says every byte (text and bytes as HEX,
FLOAT as its exact double, numbers and times as text); Python hashes each line and adds the 128-bit hashes up,
so that order does not matter and duplicates count. Where the sums differ the rows are read again and the
first differing ones are shown.
Two things are brought to one form here because servers print the same value differently: doubles (1e20 and
100000000000000000000) and JSON (MariaDB stores its text, others a document; 1.0 and 1 are the same there).

As a program: `compare.py SOURCE_PORT TARGET_PORT [SCHEMA]`; exit 0 when equal, 6 when not.
"""

import argparse
import collections
import hashlib
import json
import struct
import subprocess
import sys
import threading
import time

import pymysql

TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
WHOLES = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "date", "time", "datetime", "timestamp"}
SHOWN = 5
# nothing of the servers' global variables is to shorten or alter what is read; the comments say it to one server each
SESSION = ("SET SESSION /*M! max_statement_time=0, */ /*!50708 max_execution_time=0, */ sql_mode='', time_zone='+00:00', "
           "sql_select_limit=18446744073709551615, autocommit=1, net_write_timeout=600")

Difference = collections.namedtuple("Difference", "table text")


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


class End:
    """One server and the schema to compare there."""

    def __init__(self, port, schema, host="127.0.0.1", user="root"):
        self.port, self.schema, self.host, self.user = port, schema, host, user

    def query(self, statement):
        connection = pymysql.connect(host=self.host, port=self.port, user=self.user, password="", charset="utf8mb4",
                                     init_command=SESSION)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def tables(self):
        return sorted(row[0] for row in self.query(
            f"SELECT table_name FROM information_schema.tables WHERE table_schema='{self.schema}' AND table_type='BASE TABLE'"))

    def columns(self, table):
        """[(name, data type, is JSON)] in order."""
        rows = self.query(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_schema='{self.schema}' AND table_name='{table}' ORDER BY ordinal_position")
        return [(name, kind.lower()) for name, kind in rows]

    def lines(self, table, expressions):
        """Yields each row as bytes, fields parted by tabs."""
        program = ["mariadb", "--no-defaults", f"--host={self.host}", f"--port={self.port}", f"--user={self.user}",
                   "--protocol=tcp", "--skip-ssl", "--default-character-set=utf8mb4", "--batch", "--raw", "--quick",
                   "--skip-column-names", "--max-allowed-packet=1G", f"--init-command={SESSION}",
                   "--execute", f"SELECT {','.join(expressions)} FROM {quoted(self.schema)}.{quoted(table)}"]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=1 << 20)
        yield from process.stdout
        complaint = process.stderr.read().decode(errors="replace")
        if process.wait():
            raise RuntimeError(f"reading {self.schema}.{table} at port {self.port}: {complaint}")


def expression(name, kind):
    column = quoted(name)
    if kind in TEXTS or kind == "json":
        return f"HEX(CONVERT({column} USING utf8mb4))"
    if kind in BYTES:
        return f"HEX({column})"
    if kind in ("bit", "float", "double", "year"):
        return f"{column}+0" + ("e0" if kind in ("float", "double") else "")
    if kind in WHOLES:
        return column
    raise ValueError(f"compare.py does not know the type {kind} of {name}")


def same_double(text):
    return b"NULL" if text == b"NULL" else struct.pack(">d", float(text)).hex().encode()


def plain_number(text):
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2 ** 53 else value


def same_document(text):
    if text == b"NULL":
        return text
    document = json.loads(bytes.fromhex(text.decode()).decode(), parse_float=plain_number)
    return json.dumps(document, sort_keys=True).encode().hex().encode()


def normaliser(kinds):
    """A function over a row's line, or None where the line stands as it is."""
    special = {place: same_document if kind == "json" else same_double
               for place, kind in enumerate(kinds) if kind in ("json", "float", "double")}
    if not special:
        return None

    def normal(line):
        fields = line.rstrip(b"\n").split(b"\t")
        for place, change in special.items():
            fields[place] = change(fields[place])
        return b"\t".join(fields) + b"\n"
    return normal


def checksum(lines, normal):
    """(rows, sum of the rows' 128-bit hashes)."""
    rows = total = 0
    blake, number = hashlib.blake2b, int.from_bytes
    for line in lines if normal is None else map(normal, lines):
        total += number(blake(line, digest_size=16).digest(), "little")
        rows += 1
    return rows, total & ((1 << 128) - 1)


def both(work):
    """work(0) and work(1) at the same time."""
    answers, problems = [None, None], []

    def one(place):
        try:
            answers[place] = work(place)
        except Exception as problem:  # handed on below
            problems.append(problem)
    threads = [threading.Thread(target=one, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return answers


def readable(line, kinds):
    shown = []
    for field, kind in zip(line.rstrip(b"\n").split(b"\t"), kinds):
        if field != b"NULL" and (kind in TEXTS or kind == "json"):
            shown.append(repr(bytes.fromhex(field.decode()).decode(errors="replace")[:60]))
        elif field != b"NULL" and kind in ("float", "double"):
            shown.append(repr(struct.unpack(">d", bytes.fromhex(field.decode()))[0]))
        else:
            shown.append(field.decode()[:60])
    return "(" + ", ".join(shown) + ")"


def show(ends, names, expressions, normal, kinds):
    """What the first differing rows are, by key where the first column is one."""
    counts = both(lambda place: collections.Counter(
        line if normal is None else normal(line) for line in ends[place].lines(names[place], expressions)))
    lines = []
    for label, left, right in (("only at the source", *counts), ("only at the target", *reversed(counts))):
        extra = left - right
        lines += [f"  {label}: {sum(extra.values())} rows"] if extra else []
        lines += [f"    {count} x {readable(line, kinds)}" for line, count in sorted(extra.items())[:SHOWN]]
    return "\n".join(lines)


def compare_table(ends, table, target_table=None):
    """None when equal, else a Difference."""
    names = (table, target_table or table)
    source, target = ends[0].columns(names[0]), ends[1].columns(names[1])
    if [name for name, _ in source] != [name for name, _ in target]:
        return Difference(table, f"other columns: {source} and {target}"), 0
    # MariaDB calls JSON longtext; a column that is JSON at either end, or named like one here, is a document
    kinds = ["json" if "json" in (one, other) or name == "doc" else one for (name, one), (_, other) in zip(source, target)]
    expressions = [expression(name, kind) for (name, _), kind in zip(source, kinds)]
    normal = normaliser(kinds)
    sums = both(lambda place: checksum(ends[place].lines(names[place], expressions), normal))
    if sums[0] == sums[1]:
        return None, sums[0][0]
    text = f"{sums[0][0]} rows at the source, {sums[1][0]} at the target; columns {[name for name, _ in source]}\n"
    return Difference(table, text + show(ends, names, expressions, normal, kinds)), sums[0][0]


def compare(source, target):
    """(differences, tables, rows) of everything in the two Ends' schemas."""
    tables, there = source.tables(), target.tables()
    differences = [Difference(name, "missing at the target") for name in tables if name not in there]
    differences += [Difference(name, "only at the target") for name in there if name not in tables]
    total = 0
    for table in tables:
        if table in there:
            difference, rows = compare_table((source, target), table)
            total += rows
            if difference:
                differences.append(difference)
    return differences, len(tables), total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_port", type=int)
    parser.add_argument("target_port", type=int)
    parser.add_argument("schema", nargs="?", default="tg_it")
    parser.add_argument("target_schema", nargs="?")
    asked = parser.parse_args()
    began = time.monotonic()
    differences, tables, rows = compare(End(asked.source_port, asked.schema),
                                        End(asked.target_port, asked.target_schema or asked.schema))
    for difference in differences:
        print(f"{difference.table}: {difference.text}")
    print(f"{tables} tables, {rows} rows, {len(differences)} tables differ, {time.monotonic() - began:.1f} s")
    sys.exit(6 if differences else 0)


if __name__ == "__main__":
    main()
