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

from servers import KINDS, SKIPPED, Missing, start
from servers.lib.server import born


def tool(name, *words, **environment):
    return subprocess.run([HERE / name, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **environment})


class Any:
    kind = ""

    def start(self, **options):
        try:
            server = start(self.kind, **options)
        except Missing as reason:
            self.skipTest(str(reason))
        self.addCleanup(server.discard)
        return server

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


class MissingServer(unittest.TestCase):
    def test_is_said(self):
        done = tool("tidb", "start", TIDB_SERVER="/nowhere/tidb-server")
        self.assertEqual(done.returncode, SKIPPED)
        self.assertIn("tidb", done.stderr)


for kind in KINDS:
    name = f"Server_{kind}"
    globals()[name] = type(name, (Any if kind == "tidb" else Source, unittest.TestCase), {"kind": kind})

if __name__ == "__main__":
    unittest.main()
