#!/usr/bin/python3
"""The faults proxy against a real MariaDB, and every other server that this machine has."""

import socket
import sys
import threading
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pymysql
from servers import COMMIT, KINDS, Missing, faults, start, wait_for

LOST = (pymysql.err.OperationalError, pymysql.err.InterfaceError, pymysql.err.InternalError, ConnectionError)
BIG = 20 << 20


class ThroughProxy:
    kind = ""

    @classmethod
    def setUpClass(cls):
        options = [] if cls.kind == "tidb" else ["--max-allowed-packet=64M"]
        try:
            cls.server = start(cls.kind, options=options)
        except Missing as reason:
            raise unittest.SkipTest(str(reason))
        cls.proxy = faults(cls.server)
        cls.server.query("CREATE DATABASE f")
        cls.server.query("CREATE TABLE f.t (a INT PRIMARY KEY, b LONGBLOB)")

    @classmethod
    def tearDownClass(cls):
        cls.proxy.discard()
        cls.server.discard()

    def setUp(self):
        self.server.query("DELETE FROM f.t")
        self.client = self.proxy.connect(autocommit=False, max_allowed_packet=BIG * 2, read_timeout=20)
        self.addCleanup(self.close)

    def close(self):
        self.proxy.clear()
        self.proxy.cut()
        if self.client.open:
            self.client._force_close()

    def ask(self, statement, client=None):
        with (client or self.client).cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def count(self):
        return self.server.query("SELECT COUNT(*) FROM f.t")[0][0]

    def refused(self, code, statement):
        with self.assertRaises(pymysql.err.MySQLError) as caught:
            self.ask(statement)
        self.assertEqual(caught.exception.args[0], code)

    def test_passes_everything_on(self):
        self.assertEqual(self.ask("SELECT 1, 'x' UNION ALL SELECT 2, NULL ORDER BY 1"), ((1, "x"), (2, None)))
        self.refused(1064, "SELEKT")
        self.assertEqual(len(self.ask("SELECT 1 FROM information_schema.columns LIMIT 500")), 500)
        self.client.ping(reconnect=False)
        self.client.select_db("f")

    def test_big_packets_both_ways(self):
        for size in (0xFFFFFF - 100, BIG):
            (found, length), = self.ask(f"SELECT REPEAT('y', {size}), LENGTH('{'x' * size}')")
            self.assertEqual((len(found), length), (size, size))

    def test_exact_packet_size(self):
        for size in (0xFFFFFE, 0xFFFFFF, 0x1000000):
            statement = "SELECT /*" + "." * (size - 13) + "*/1"
            self.assertEqual(len(statement) + 1, size)
            self.assertEqual(self.ask(statement), ((1,),))

    def test_several_results(self):
        flag = pymysql.constants.CLIENT.MULTI_STATEMENTS
        client = self.proxy.connect(client_flag=flag)
        with client.cursor() as cursor:
            cursor.execute("SELECT 1; INSERT INTO f.t VALUES (1, ''); SELECT 3")
            found = [cursor.fetchall()]
            while cursor.nextset():
                found.append(cursor.fetchall())
        self.assertEqual(found, [((1,),), (), ((3,),)])
        self.assertEqual(self.ask("SELECT 4", client), ((4,),))

    def test_bytes_of_an_answer_altered(self):
        rule = self.proxy.alters("SELECT 'abc'", "abc", "xyz")
        self.assertEqual(self.ask("SELECT 'abc', 'abcd'")[0], ("xyz", "xyzd"))
        self.assertEqual(self.ask("SELECT  'abc'")[0], ("abc",))
        rule.remove()
        self.assertEqual(self.ask("SELECT 'abc'")[0], ("abc",))

    def test_prepared_statements(self):
        self.ask("PREPARE s FROM 'SELECT ?'")
        self.ask("SET @v = 7")
        self.assertEqual(int(self.ask("EXECUTE s USING @v")[0][0]), 7)

    def test_error_at_the_second_commit_undoes_it(self):
        self.proxy.error(9007, nth=2)
        for key in (1, 2, 3):
            self.ask(f"INSERT INTO f.t VALUES ({key}, '')")
            if key == 2:
                self.refused(9007, "COMMIT")
            else:
                self.ask("COMMIT")
        self.assertEqual(self.server.query("SELECT a FROM f.t ORDER BY a"), ((1,), (3,)))

    def test_error_codes_of_statements(self):
        for code in (1205, 1213, 8028, 8501, 9007):
            self.proxy.error(code, match="INSERT")
            self.refused(code, "INSERT INTO f.t VALUES (1, '')")

    def test_error_after_execution(self):
        self.proxy.error(8501, when="after")
        self.ask("INSERT INTO f.t VALUES (1, '')")
        self.refused(8501, "COMMIT")
        self.assertEqual(self.count(), 1)

    def test_drop_at_commit(self):
        for when, rows in (("before", 0), ("after", 1)):
            client = self.proxy.connect(autocommit=False)
            self.proxy.drop(when=when)
            self.ask("INSERT INTO f.t VALUES (1, '')", client)
            with self.assertRaises(LOST):
                client.commit()
            wait_for(lambda: self.count() == rows, 10, f"{rows} rows after a drop {when} COMMIT")

    def test_late_packet_of_a_dead_client(self):
        self.server.query("INSERT INTO f.t VALUES (1, 'old')")
        client = self.proxy.connect()
        held = self.proxy.hold("UPDATE f.t")
        threading.Thread(target=self.doomed, args=(client, "UPDATE f.t SET b = 'late'"), daemon=True).start()
        held.wait()
        client._sock.shutdown(socket.SHUT_RDWR)
        self.assertEqual(self.server.query("SELECT b FROM f.t"), ((b"old",),))
        self.assertEqual(held.release(), ["ok"])
        self.assertEqual(self.server.query("SELECT b FROM f.t"), ((b"late",),))
        wait_for(lambda: len(self.proxy.connections()) == 1, 10, "end of the dead client's connection")

    def test_cut_leaves_what_is_held(self):
        client = self.proxy.connect()
        held = self.proxy.hold("INSERT")
        threading.Thread(target=self.doomed, args=(client, "INSERT INTO f.t VALUES (9, '')"), daemon=True).start()
        held.wait()
        self.proxy.cut()
        self.assertEqual(held.release(), ["ok"])
        self.assertEqual(self.count(), 1)

    def doomed(self, client, statement):
        try:
            self.ask(statement, client)
        except (*LOST, ValueError, AttributeError, TypeError):
            pass

    def test_delay(self):
        self.proxy.delay(100)
        begun = time.monotonic()
        self.ask("SELECT 1")
        self.assertGreaterEqual(time.monotonic() - begun, 0.2)
        self.proxy.delay(0)
        slow = self.proxy.slow(150, match="SELECT 2")
        begun = time.monotonic()
        self.ask("SELECT 2")
        self.assertGreaterEqual(time.monotonic() - begun, 0.15)
        self.assertEqual(slow.wait()["fired"], 1)

    def test_black_hole_and_back(self):
        answers = []
        self.proxy.blackhole()
        asking = threading.Thread(target=lambda: answers.append(self.ask("SELECT 5")))
        asking.start()
        asking.join(0.3)
        self.assertEqual(answers, [])
        self.proxy.blackhole(False)
        asking.join(10)
        self.assertEqual(answers, [((5,),)])

    def test_cut(self):
        for how in ("rst", "fin"):
            client = self.proxy.connect()
            self.proxy.cut(how)
            with self.assertRaises(LOST):
                self.ask("SELECT 1", client)
        self.proxy.refuse()
        with self.assertRaises(LOST):
            self.proxy.connect()

    def test_half_open_keeps_the_locks(self):
        self.ask("INSERT INTO f.t VALUES (1, '')")
        self.ask("UPDATE f.t SET b = 'x'")
        self.proxy.halfopen("server")
        with self.assertRaises(LOST):
            self.ask("SELECT 1")
        other = self.server.connect(autocommit=False)  # TiDB heeds lock_wait_timeout in transactions only
        self.ask("SET SESSION innodb_lock_wait_timeout = 1", other)
        with self.assertRaises(LOST):
            self.ask("INSERT INTO f.t VALUES (1, 'y')", other)
        self.proxy.cut()
        self.ask("SET SESSION innodb_lock_wait_timeout = 20", other)
        self.ask("INSERT INTO f.t VALUES (1, 'y')", other)
        other.rollback()

    def test_half_open_client_hears_nothing(self):
        client = self.proxy.connect(read_timeout=0.3)
        self.proxy.halfopen("client")
        with self.assertRaises(LOST):
            self.ask("SELECT 1", client)

    def test_killed_by_the_server(self):
        client = self.proxy.connect()
        number = self.ask("SELECT CONNECTION_ID()", client)[0][0]
        self.server.query(f"KILL {number}")
        with self.assertRaises(LOST):
            self.ask("SELECT 1", client)


for kind in KINDS:
    name = f"Through_{kind}"
    globals()[name] = type(name, (ThroughProxy, unittest.TestCase), {"kind": kind})

if __name__ == "__main__":
    unittest.main()
