"""Starts the faults proxy and speaks to its control socket."""

import json
import socket
import sys
from pathlib import Path

from .server import HOST, Failed, Server

COMMIT = r"^\s*commit\b"
SESSION_SECONDS = 600


class Rule:
    """A rule inside the proxy."""

    def __init__(self, faults, number):
        self.faults, self.number = faults, number

    def wait(self, count=1, seconds=30):
        """Returns when the rule has fired."""
        return self.faults.tell("wait", rule=self.number, count=count, seconds=seconds)

    def release(self, seconds=30):
        """Sends what is held; returns the server's answers: `ok`, an error's code, or `gone`."""
        return self.faults.tell("release", rule=self.number, seconds=seconds)["outcomes"]

    def remove(self):
        return self.faults.tell("remove", rule=self.number)


class Faults(Server):
    """A proxy in front of `target` (a Server, or a pair of host and port)."""

    name = "faults"

    def __init__(self, target=None, dir=None, port=None, **_):
        super().__init__(dir=dir, port=port)
        if target is not None:
            self.info["target"] = list(target) if isinstance(target, (tuple, list)) else [target.host, target.port]
        self.info["control"] = self.info["socket"]
        self.data = self.dir

    def command(self):
        host, port = self.info["target"]
        Path(self.control).unlink(missing_ok=True)
        return [sys.executable, "-B", "-m", "servers.lib.proxy", HOST, str(self.port), host, str(port), self.control]

    def environment(self):
        return {"PYTHONPATH": str(Path(__file__).parents[2])}

    def answers(self):
        if not self.alive():
            raise Failed(f"faults ended at once: {self.log_tail()}")
        try:
            self.tell("list")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def tell(self, verb, **details):
        """One command and its answer."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(SESSION_SECONDS)
            control.connect(self.control)
            control.sendall(json.dumps({"do": verb, **details}).encode() + b"\n")
            answer = json.loads(control.makefile().readline())
        if not answer["ok"]:
            raise Failed(f"{answer['error']}")
        return answer

    def rule(self, action, match, **details):
        return Rule(self, self.tell("rule", rule={"action": action, "match": match, **details})["rule"])

    def error(self, code, match=COMMIT, **details):
        """The n-th statement that matches is answered with this error, `when` before (not executed) or after."""
        return self.rule("error", match, code=code, **details)

    def drop(self, match=COMMIT, **details):
        """The connection ends at the n-th statement that matches, `when` before or after the server executed it."""
        return self.rule("drop", match, **details)

    def breaks(self, match, packets, code=0, **details):
        """The answer of the n-th statement that matches ends after some packets: with this error, or the connection's end."""
        return self.rule("break", match, packets=packets, code=code, **details)

    def alters(self, match, find, put, **details):
        """In the answers of the statements that match, each `find` becomes `put`, which is as long."""
        return self.rule("alter", match, find=find, put=put, **{"times": 0, **details})

    def hold(self, match, **details):
        """The packet stays in the proxy, whatever becomes of the client, until released."""
        return self.rule("hold", match, **details)

    def cut_file(self, match="LOAD DATA LOCAL", **details):
        """Ends the connection after some `packets` of the file that the n-th matching statement sends, `how` fin, rst,
        or wait: it stands still until released; with `half`, half of the next packet arrives."""
        return self.rule("cutfile", match, **details)

    def slow(self, ms, match="", **details):
        return self.rule("delay", match, ms=ms, **{"times": 0, **details})

    def delay(self, ms):
        """Of everything, each way."""
        self.tell("delay", ms=ms)

    def blackhole(self, on=True):
        self.tell("blackhole", on=on)

    def refuse(self, on=True):
        self.tell("refuse", on=on)

    def redirect(self, server):
        self.tell("target", host=server.host, port=server.port)

    def cut(self, how="rst", connections=None):
        self.tell("cut", how=how, connections=connections)

    def halfopen(self, keep="server", how="rst", connections=None):
        self.tell("halfopen", keep=keep, how=how, connections=connections)

    def connections(self):
        return self.tell("list")["connections"]

    def clear(self):
        self.tell("clear")
