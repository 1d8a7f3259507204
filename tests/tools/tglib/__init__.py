"""What tests share besides servers: TiDB's grammar as a judge, and the statements that a server was sent."""

import collections
import json
import re
import subprocess
from pathlib import Path

import pymysql.cursors

JUDGE = Path(__file__).parents[1] / "judge" / "run"
SKIPPED = 77
STATEMENT = re.compile(r'\[GENERAL_LOG\].*? \[sql=(".*"|[^ ]*)\]$')
HEAD = 4000  # characters that tell the shape of a statement
OF_A_SHAPE = 4
LITERAL = re.compile(r"""(?:\b[xXbBnN])?'(?:[^'\\]|\\.|'')*(?:'|\Z)|\b0[xb][0-9a-fA-F]+|(?<!\w)-?\d[\d.]*(?:[eE][-+]?\d+)?|\bNULL\b""",
                     re.DOTALL)
COMMENT = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
ROWS = re.compile(r"(\([^()]*\))(?:\s*,\s*\1)+(?:\s*,\s*\([^()]*\Z)?")


class Unjudged(Exception):
    """This machine cannot build the judge."""


def judge(statements):
    """The statements that TiDB's own parser refuses: dicts of `line` (from 1), `statement` and `error`."""
    lines = "".join(json.dumps(statement) + "\n" for statement in statements)
    done = subprocess.run([JUDGE], input=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == SKIPPED:
        raise Unjudged(done.stderr.strip())
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def record_statements(server):
    """Has a server note every statement that it is sent from now on."""
    if server.name == "tidb":
        server.query("SET GLOBAL tidb_general_log = 1")
    else:
        server.query("SET GLOBAL log_output = 'TABLE'")
        server.query("SET GLOBAL general_log = 1")


def each_recorded(server, choose=lambda head: True):
    """The statements noted since `record_statements`, in order; those whose first characters `choose` accepts."""
    if server.name == "tidb":
        with open(Path(server.dir) / "general", errors="replace", newline="\n") as lines:
            for line in lines:
                found = STATEMENT.search(line)
                if found and choose(found[1][:HEAD]):
                    yield unquoted(found[1])
        return
    connection = server.connect(cursorclass=pymysql.cursors.SSCursor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')")
        for text, in cursor:
            head = text[:HEAD]
            if choose(head.decode("utf-8", "replace") if isinstance(head, bytes) else head):
                yield text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    connection.close()


def recorded_statements(server):
    """All statements noted since `record_statements`."""
    return list(each_recorded(server))


def shape(head):
    """What a statement is without its values, comments, and number of rows."""
    return ROWS.sub(r"\1", " ".join(LITERAL.sub("?", COMMENT.sub(" ", head)).split()))


def sampled_statements(server, limit):
    """(a few statements of each shape, of at most `limit` characters together; how many there were)."""
    seen, chosen, size = collections.Counter(), [], 0

    def is_new(head):
        key = shape(head)
        seen[key] += 1
        return seen[key] <= OF_A_SHAPE
    for text in each_recorded(server, is_new):
        if size + len(text) <= limit:
            chosen.append(text)
            size += len(text)
    return chosen, sum(seen.values())


def unquoted(text):
    """A field of TiDB's log: JSON where it needs quotes, else as it stands."""
    return json.loads(text) if text.startswith('"') else text
