"""What tests share besides servers: TiDB's grammar as a judge, and the statements that a server was sent."""

import json
import re
import subprocess
from pathlib import Path

JUDGE = Path(__file__).parents[1] / "judge" / "run"
SKIPPED = 77
STATEMENT = re.compile(r'\[GENERAL_LOG\].*? \[sql=(".*"|[^ ]*)\]$')


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


def recorded_statements(server):
    """The statements noted since `record_statements`, in order."""
    if server.name == "tidb":
        lines = (Path(server.dir) / "general").read_text(errors="replace").splitlines()
        return [unquoted(found[1]) for line in lines if (found := STATEMENT.search(line))]
    rows = server.query("SELECT argument FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')")
    return [text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text, in rows]


def unquoted(text):
    """A field of TiDB's log: JSON where it needs quotes, else as it stands."""
    return json.loads(text) if text.startswith('"') else text
