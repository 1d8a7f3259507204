#!/usr/bin/python3
"""Every server that this machine has: several at once, restarts, crashes, and the command line."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import pymysql

from servers import KINDS, SKIPPED, Missing, start
from servers.lib.managed import PASSWORD
from servers.lib.server import born

SHOW_POSITION = ("SHOW MASTER STATUS", "SHOW BINARY LOG STATUS")


def tool(name, *words, **environment):
    return subprocess.run([HERE / name, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **environment})


class Base:
    kind = ""

    def start(self, **options):
        try:
            server = start(self.kind, **options)
        except Missing as reason:
            self.skipTest(str(reason))
        self.addCleanup(server.discard)
        return server

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as base:
            home = f"{base}/s"
            started = tool(self.kind, "start", "--dir", home)
            if started.returncode == SKIPPED:
                self.skipTest(started.stderr)
            self.addCleanup(tool, self.kind, "stop", home, "--kill")
            address = json.loads(started.stdout)
            self.assertEqual(json.loads(tool(self.kind, "wait", home).stdout)["version"], address["version"])
            self.assertEqual(tool(self.kind, "stop", home).returncode, 0)
            self.assertFalse(born(address["pid"]))
            again = json.loads(tool(self.kind, "start", "--dir", home).stdout)
            self.assertEqual(again["port"], address["port"])
            tool(self.kind, "stop", home, "--remove")
            self.assertFalse(Path(home).exists())
            self.assertEqual(tool(self.kind, "wait", home, "--seconds", "0").returncode, 1)


class Any(Base):
    def test_two_at_once_that_know_nothing_of_each_other(self):
        one, two = self.start(), self.start()
        self.assertNotEqual(one.port, two.port)
        one.query("CREATE DATABASE only_here")
        self.assertNotIn(("only_here",), two.query("SHOW DATABASES"))

    def test_comes_back_with_port_and_data(self):
        server = self.start()
        server.query("CREATE DATABASE kept")
        port, pid = server.port, server.pid
        server.restart()
        self.assertEqual(server.port, port)
        self.assertNotEqual(server.pid, pid)
        self.assertIn(("kept",), server.query("SHOW DATABASES"))
        server.kill()
        self.assertFalse(server.alive())
        server.start()


class Source(Any):
    def test_is_a_source(self):
        server = self.start(options=["--innodb-lock-wait-timeout=3"])
        found = server.query("SELECT @@log_bin, @@binlog_format, @@binlog_row_image, @@innodb_lock_wait_timeout")
        self.assertEqual(found, ((1, "ROW", "FULL", 3),))
        self.assertEqual(server.query("SELECT @@server_id")[0][0], server.server_id)
        self.assertEqual(server.query("SELECT user FROM mysql.user WHERE user = ''"), ())

    def test_gtid(self):
        if self.kind != "mariadb":
            self.assertEqual(self.start().query("SELECT @@gtid_mode"), (("OFF",),))
            self.assertEqual(self.start(gtid=True).query("SELECT @@gtid_mode"), (("ON",),))


class Managed(Base):
    """A MySQL with Amazon's face; below it is a server that is tested by itself."""

    @classmethod
    def setUpClass(cls):
        try:
            cls.server = start(cls.kind)
        except Missing as reason:
            raise unittest.SkipTest(str(reason)) from reason
        cls.addClassCleanup(cls.server.discard)

    def says(self, code, server, user, statement):
        with self.assertRaises(pymysql.err.MySQLError) as caught:
            self.ask(server, user, statement)
        self.assertEqual(caught.exception.args[0], code)

    def ask(self, server, user, statement):
        connection = server.connect(user=user, password=PASSWORD)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def test_looks_like_it(self):
        server = self.server
        server.restart()
        self.assertTrue(server.query("SELECT @@basedir")[0][0].startswith("/rdsdbbin/"))
        if self.kind == "rds":
            self.says(1305, server, "admin", "SELECT mysql.aurora_version()")
        else:
            self.assertRegex(self.ask(server, "tg_reader", "SELECT AURORA_VERSION()")[0][0], rb"^[23]\.")
        self.assertEqual(server.query("SELECT COUNT(*) FROM mysql.user WHERE user = 'tg_reader'"), ((1,),))

    def test_master_user(self):
        server = self.server
        self.ask(server, "admin", "CREATE DATABASE made")
        self.says(1227, server, "admin", "FLUSH TABLES WITH READ LOCK")
        self.says(1227, server, "admin", "SET GLOBAL binlog_format = 'MIXED'")
        grants = " ".join(row[0] for row in self.ask(server, "admin", "SHOW GRANTS"))
        self.assertNotIn("SUPER", grants.replace("rds_superuser_role", ""))
        self.assertNotIn("RELOAD", grants)
        self.assertEqual("rds_superuser_role" in grants, self.kind != "aurora2")
        self.assertEqual("AWS_LOAD_S3_ACCESS" in grants, self.kind == "aurora")

    def test_retention(self):
        server = self.server
        position = server.query(SHOW_POSITION[server.version[0] == "9"])[0][:2]
        rows = self.ask(server, "admin", "CALL mysql.rds_show_configuration")
        self.assertEqual([row[:2] for row in rows],
                         [("binlog retention hours", None), ("source delay", "0"), ("target delay", "0")])
        self.ask(server, "admin", "CALL mysql.rds_set_configuration('binlog retention hours', 72)")
        found = "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'"
        self.assertEqual(self.ask(server, "tg_reader", found), (("72",),))
        self.ask(server, "admin", "CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
        self.assertEqual(self.ask(server, "tg_reader", found), ((None,),))
        for value in (0, 2161 if self.kind != "rds" else 169):
            self.says(1644, server, "admin", f"CALL mysql.rds_set_configuration('binlog retention hours', {value})")
        self.says(1644, server, "admin", "CALL mysql.rds_set_configuration('no such thing', 1)")
        self.says(1370, server, "tg_reader", "CALL mysql.rds_set_configuration('binlog retention hours', 24)")
        self.assertEqual(server.query(SHOW_POSITION[server.version[0] == "9"])[0][:2], position)

    def test_kill(self):
        server = self.server
        victim = server.connect(user="tg_reader", password=PASSWORD)
        try:
            self.ask(server, "admin", f"CALL mysql.rds_kill({victim.thread_id()})")
        except pymysql.err.MySQLError as caught:  # 5.6 says so to whom it was done for, too
            self.assertIn(caught.args[0], (1317,))
        with self.assertRaises(pymysql.err.MySQLError):
            victim.query("SELECT 1")


class MissingServer(unittest.TestCase):
    def test_is_said(self):
        done = tool("tidb", "start", TIDB_SERVER="/nowhere/tidb-server")
        self.assertEqual(done.returncode, SKIPPED)
        self.assertIn("tidb", done.stderr)


for kind in KINDS:
    name = f"Server_{kind}"
    base = Any if kind == "tidb" else Managed if kind in ("aurora", "aurora2", "rds") else Source
    globals()[name] = type(name, (base, unittest.TestCase), {"kind": kind})

if __name__ == "__main__":
    unittest.main()
