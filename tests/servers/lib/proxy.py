"""The faults proxy, between a client and a server: does on command what networks and servers do by chance."""

import asyncio
import itertools
import json
import sys

from .rules import Rules
from .session import GONE, Session, Side


class Link:
    """The state of the cable."""

    def __init__(self):
        self.seconds, self.refuse, self.open = 0.0, False, asyncio.Event()
        self.open.set()

    async def passing(self):
        """Returns when something sent now has arrived: after the delay, and never through a black hole."""
        if self.seconds:
            await asyncio.sleep(self.seconds)
        await self.open.wait()


class Proxy:
    def __init__(self, target):
        self.target, self.link, self.rules = target, Link(), Rules()
        self.sessions, self.numbers = {}, itertools.count(1)

    async def accept(self, reader, writer):
        client = Side(reader, writer)
        try:
            if self.link.refuse:
                raise ConnectionRefusedError
            await self.link.passing()
            server = Side(*await asyncio.open_connection(*self.target))
        except GONE:
            client.close("rst")
            return
        session = Session(self, next(self.numbers), client, server)
        self.sessions[session.number] = session
        session.task = asyncio.ensure_future(session.run())

    def ended(self, session):
        """Half of a half-open connection stays."""
        if not session.kept:
            self.sessions.pop(session.number, None)

    def chosen(self, asked):
        numbers = asked.get("connections")
        return [session for session in list(self.sessions.values()) if numbers is None or session.number in numbers]

    # The commands of the control socket: each takes the request and returns what the answer carries.

    async def do_rule(self, asked):
        return self.rules.add(**asked.get("rule", {})).describe()

    async def do_wait(self, asked):
        rule = self.rules.all[asked["rule"]]
        await self.rules.until(lambda: rule.fired >= asked.get("count", 1), asked.get("seconds", 30))
        return rule.describe()

    async def do_release(self, asked):
        """Lets held packets go, and answers when the server has answered them."""
        rule = self.rules.all[asked["rule"]]
        rule.released.set()
        await self.rules.until(lambda: len(rule.outcomes) >= rule.fired, asked.get("seconds", 30))
        return rule.describe()

    async def do_remove(self, asked):
        return self.rules.all.pop(asked["rule"]).describe()

    async def do_list(self, asked):
        return {"connections": [session.describe() for session in self.sessions.values()],
                "rules": [rule.describe() for rule in self.rules.all.values()]}

    async def do_clear(self, asked):
        """No rules, a good cable; connections stay, what is held goes."""
        for rule in self.rules.all.values():
            rule.released.set()
        self.rules.all.clear()
        self.link.seconds, self.link.refuse = 0.0, False
        self.link.open.set()

    async def do_delay(self, asked):
        self.link.seconds = asked["ms"] / 1000

    async def do_blackhole(self, asked):
        (self.link.open.clear if asked.get("on", True) else self.link.open.set)()

    async def do_refuse(self, asked):
        self.link.refuse = asked.get("on", True)

    async def do_target(self, asked):
        """Where new connections go: a failover."""
        self.target = asked["host"], asked["port"]

    async def do_cut(self, asked):
        """Ends connections; of one with a held packet only the client's side."""
        for session in self.chosen(asked):
            session.how = asked.get("how", "rst")
            if session.holding:
                session.client.close(session.how)
            elif session.kept:
                getattr(session, session.kept).close(session.how)
                del self.sessions[session.number]
            else:
                session.task.cancel()

    async def do_halfopen(self, asked):
        """One side's connection ends, the other's stands and stays silent until `cut`."""
        for session in self.chosen(asked):
            session.kept, session.how = asked.get("keep", "server"), asked.get("how", "rst")
            session.task.cancel()

    async def control(self, reader, writer):
        while line := await reader.readline():
            asked = {}
            try:
                asked = json.loads(line)
                answer = {"ok": True, **(await getattr(self, f"do_{asked['do']}")(asked) or {})}
            except asyncio.TimeoutError:
                answer = {"ok": False, "error": f"{asked['do']}: not within the time given"}
            except Exception as problem:  # whatever a test asks for wrongly, it shall read here
                answer = {"ok": False, "error": repr(problem)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()


async def serve(host, port, target, control):
    proxy = Proxy(target)
    listening = await asyncio.start_server(proxy.accept, host, port)
    await asyncio.start_unix_server(proxy.control, control)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), (sys.argv[3], int(sys.argv[4])), sys.argv[5]))
