#!/usr/bin/python3
"""The judge and the record of statements, with every server that this machine has."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from servers import KINDS, Missing, start
from tglib import Unjudged, judge, record_statements, recorded_statements

SENT = "SELECT 'ü\\n\"x\\\\' /* é */, 1"


class Judge(unittest.TestCase):
    def test_refuses_what_tidb_refuses(self):
        statements = ["SELECT 1", "SELEKT 1", "INSERT INTO t VALUES ('a\nb')", "CREATE TABLE t (a INT) WITH SYSTEM"]
        try:
            refused = judge(statements)
        except Unjudged as reason:
            self.skipTest(str(reason))
        self.assertEqual([found["line"] for found in refused], [2, 4])


class Record(unittest.TestCase):
    def test_holds_what_was_sent(self):
        for kind in KINDS:
            with self.subTest(kind):
                try:
                    server = start(kind)
                except Missing as reason:
                    self.skipTest(str(reason))
                with server:
                    record_statements(server)
                    server.query(SENT)
                    self.assertIn(SENT, recorded_statements(server))


if __name__ == "__main__":
    unittest.main()
