"""The command line of `tests/servers/NAME`."""

import argparse
import json
import sys
import time
from pathlib import Path

from servers import KINDS, SKIPPED, Failed, Missing

from . import cache


def main(name):
    try:
        return act(KINDS[name], arguments(name))
    except Missing as reason:
        print(reason, file=sys.stderr)
        return SKIPPED
    except (Failed, TimeoutError) as reason:
        print(reason, file=sys.stderr)
        return 1


def arguments(name):
    parser = argparse.ArgumentParser(prog=f"tests/servers/{name}")
    verbs = parser.add_subparsers(dest="verb", required=True)
    starting = verbs.add_parser("start", help="start one more, or the stopped one of DIR again; prints its address")
    starting.add_argument("--dir", type=Path, help="its directory (a new one below /tmp)")
    starting.add_argument("--port", type=int, help="its port (a free one)")
    starting.add_argument("--gtid", action="store_true", help="gtid_mode=ON (MariaDB has GTIDs always)")
    starting.add_argument("--option", action="append", default=[], metavar="--NAME=VALUE",
                          help="one more option of the server; may be repeated")
    stopping = verbs.add_parser("stop", help="stop the server of DIR")
    stopping.add_argument("dir", type=Path)
    stopping.add_argument("--remove", action="store_true", help="and remove DIR")
    stopping.add_argument("--kill", action="store_true", help="with SIGKILL, as a crash does")
    waiting = verbs.add_parser("wait", help="wait until the server of DIR answers SQL; prints its address")
    waiting.add_argument("dir", type=Path)
    waiting.add_argument("--seconds", type=float, default=60)
    verbs.add_parser("install", help="fetch ahead what the first start would fetch")
    return parser.parse_args(join_options(sys.argv[1:]))


def join_options(words):
    """`--option --foo` becomes `--option=--foo`, which is what argparse can read."""
    joined = []
    for word in words:
        if joined and joined[-1] == "--option":
            joined[-1] = f"--option={word}"
        else:
            joined.append(word)
    return joined


def act(kind, asked):
    if asked.verb == "install":
        kind(cache.folder()).install()
    elif asked.verb == "start":
        report(kind(asked.dir, asked.gtid, asked.option, asked.port).start())
    else:
        server = recorded(kind, asked)
        if asked.verb == "wait":
            report(server.wait(asked.seconds))
        elif asked.kill:
            server.kill()
        if asked.verb == "stop":
            server.stop(asked.remove)
    return 0


def recorded(kind, asked):
    """The server of a directory; `wait` may come before `start` has written its record."""
    deadline = time.monotonic() + (asked.seconds if asked.verb == "wait" else 0)
    while not (asked.dir / "server.json").exists():
        if time.monotonic() > deadline:
            raise Failed(f"{asked.dir}: no server was started there")
        time.sleep(0.02)
    return kind(asked.dir)


def report(server):
    print(json.dumps(server.info), flush=True)
