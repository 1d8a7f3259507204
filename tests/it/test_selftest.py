#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tests' own tools, without the engine: the writer is fast enough, the comparison sees every planted difference,
the judge hears of every statement."""

import random

from pymysql.constants import CLIENT

from harness import RECORDED, UNJUDGED, Scene, Skip, case, check, equal, main, wait_for  # noqa: I001  (sets the path)
from compare import End, compare
from workload import SCHEMA, Writer, change_shape, fill, tables

COPY = "tg_copy"
PLANTED = [  # (table, statement): each changes as little as its type can
    ("texts", "UPDATE {} SET fixed = 'AE' WHERE id = 30"), ("texts", "UPDATE {} SET plain = CONCAT(plain,' ') WHERE id = 31"),
    ("floats", "UPDATE {} SET f = 16777218 WHERE id = -40"), ("floats", "UPDATE {} SET d = 0.1000000000000000056 + 1e-16 WHERE id = -42"),
    ("times", "UPDATE {} SET dt6 = '2000-01-01 00:00:00.000001' WHERE id = 33"), ("times", "UPDATE {} SET y = 0 WHERE id = 36"),
    ("times", "UPDATE {} SET t3 = NULL WHERE id = 35"), ("blobs", "UPDATE {} SET tiny = CONCAT(tiny,X'00') WHERE id = 30"),
    ("choices", "UPDATE {} SET bit64 = 7 WHERE id = 30"), ("choices", "UPDATE {} SET s = 'b' WHERE id = 37"),
    ("decimals", "UPDATE {} SET d65_30 = 1e-30 WHERE id = 18446744073709551615 - 30"),
    ("western", "UPDATE {} SET v = CONVERT(X'e8' USING latin1) WHERE id = 40"), ("documents", "UPDATE {} SET doc = '[1]' WHERE id = 30"),
    ("string_key", "UPDATE {} SET k = LOWER(k) WHERE k = 'Key50'"), ("bag", "DELETE FROM {} LIMIT 1"),
    ("heap", "INSERT INTO {} SELECT * FROM {} LIMIT 1"), ("accounts", "DELETE FROM {} WHERE id = 9")]


def damaged(server, table, statement):
    """How many tables differ after the statement; everything is as before afterwards."""
    connection = server.connect()
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION sql_mode='STRICT_TRANS_TABLES,ALLOW_INVALID_DATES'")
        cursor.execute(f"DROP TABLE IF EXISTS {COPY}.{table}")
        cursor.execute(f"CREATE TABLE {COPY}.{table} LIKE {SCHEMA}.{table}")
        cursor.execute(f"INSERT INTO {COPY}.{table} SELECT * FROM {SCHEMA}.{table}")
        cursor.execute(statement.replace("{}", f"{COPY}.{table}"))
    connection.close()
    differences, _, _ = compare(End(server.port, SCHEMA), End(server.port, COPY))
    found = [one for one in differences if one.table == table]
    check(not found or "only at" in found[0].text, f"{table}: the rows are not shown: {found}")
    return len(found)


@case()
def test_comparison(scene: Scene):
    server = scene.source("mariadb")
    fill(server.port, 2_000, "mariadb")
    server.query(f"CREATE DATABASE {COPY}")
    for table in {table for table, _ in PLANTED}:
        equal(damaged(server, table, "SELECT 1"), 0, f"differences in an exact copy of {table}")
    for table, statement in PLANTED:
        equal(damaged(server, table, statement), 1, f"differences after {statement}")


@case(for_each=[(kind, kind) for kind in ("mariadb", "mysql97-gtid", "mysql56")])
def test_writer(scene: Scene, kind):
    server = scene.source(kind)
    flavour = kind.partition("-")[0]
    fill(server.port, 30_000, flavour)
    equal(len(tables(flavour)), 20, "tables")
    start = server.query(f"SELECT COUNT(*) FROM {SCHEMA}.integers")[0][0]
    writer = scene.add(Writer(server.port))
    wait_for(lambda: not writer.alive() or server.query(f"SELECT COUNT(*) FROM {SCHEMA}.integers")[0][0] > start + 25, 60, "writes")
    change_shape(server.port, 1)
    wrote = writer.stop()
    check(not wrote["problem"], wrote["problem"])
    check(wrote["rate"] >= 500, f"only {wrote['rate']} transactions a second")
    check(wrote["refused"] < wrote["transactions"] / 5, f"too many refused: {wrote}")


TRIGGER = "CREATE TRIGGER {} BEFORE INSERT ON tg_judged.t FOR EACH ROW SET NEW.a = 1"  # which TiDB does not know


@case(for_each=[("mariadb", "mariadb"), ("mysql97", "mysql97")])
def test_judge(scene: Scene, kind):
    """A statement that TiDB can't read is found: alone, as one of many in a large packet, and after a restart."""
    target = scene.target(kind)
    noise = random.Random(1).randbytes(3 << 20).hex()
    target.query("CREATE DATABASE tg_judged")
    target.query("CREATE TABLE tg_judged.t (a INT, b LONGTEXT)")

    def refused():
        try:
            scene.judge()
        except AssertionError as found:
            return str(found)
        if UNJUDGED:
            raise Skip(UNJUDGED[0])
        return ""
    connection = target.connect(client_flag=CLIENT.MULTI_STATEMENTS, max_allowed_packet=64 << 20)

    def packet(*statements):
        with connection.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while cursor.nextset():
                pass
    packet(*[f"INSERT INTO tg_judged.t VALUES ({number},'it''s \\' {noise[:2000]}'),(NULL,'ü')" for number in range(2000)])
    packet(f"INSERT INTO tg_judged.t VALUES (1,'{noise}')", "SELECT 1")
    equal(refused(), "", "refused statements")
    target.query(TRIGGER.format("tg_judged.alone"))
    check("TRIGGER tg_judged.alone" in refused(), "a trigger alone is not seen")
    target.query("TRUNCATE TABLE mysql.general_log")
    target.query(f"INSERT INTO tg_judged.t VALUES (2,'{noise}')")
    packet(f"INSERT INTO tg_judged.t VALUES (3,'{noise}')", TRIGGER.format("tg_judged.packed"), "SELECT 2")
    target.query(RECORDED)
    check("TRIGGER tg_judged.packed" in refused(), "a trigger in a packet is not seen")
    target.restart()
    target.query("TRUNCATE TABLE mysql.general_log")
    target.query(RECORDED)
    equal(refused(), "", "refused statements after a restart")
    target.query(TRIGGER.format("tg_judged.later"))
    check("TRIGGER tg_judged.later" in refused(), "a trigger after a restart is not seen")
    scene.recorded.clear()


for one in (test_comparison, test_writer, test_judge):
    one.needs_engine = False

if __name__ == "__main__":
    main()
