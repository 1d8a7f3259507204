"""What is to happen to which statement: rules that count their matches and fire at the n-th."""

import asyncio
import itertools
import re

from . import packets as p

ACTIONS = {"error", "drop", "hold", "delay", "cutfile", "break", "alter"}
STATEMENTS = {p.QUERY, p.STMT_EXECUTE, p.BULK_EXECUTE}
ROLLED_BACK = {1213, 8002, 8022, 8028, 8501, 9007}  # errors after which the server has given the transaction up


class Rule:
    def __init__(self, number, action, match="", nth=1, times=1, when="before", how="rst", code=1105, message=None,
                 send=None, ms=0, packets=0, half=False, find="", put=""):
        if action not in ACTIONS:
            raise ValueError(f"action {action!r}: one of {sorted(ACTIONS)}")
        self.number, self.action, self.match = number, action, re.compile(match, re.IGNORECASE | re.DOTALL)
        self.nth, self.times, self.when, self.how, self.ms = nth, times, when, how, ms
        self.packets, self.half = packets, half  # break: of the answer; cutfile: of the file's, half of the next one arrives
        self.find, self.put = find.encode(), put.encode()  # alter
        if len(self.find) != len(self.put):
            raise ValueError("alter: as many bytes as before, for a field's length stands in front of it")
        self.code, self.message = code, message or f"error {code} of the faults proxy"
        self.send = send if send is not None else "ROLLBACK" if code in ROLLED_BACK else ""
        self.seen = self.fired = 0
        self.released, self.outcomes = asyncio.Event(), []

    def fires(self, statement):
        if not self.match.search(statement):
            return False
        self.seen += 1
        due = self.seen >= self.nth and (not self.times or self.seen < self.nth + self.times)
        self.fired += due
        return due

    def describe(self):
        return {"rule": self.number, "seen": self.seen, "fired": self.fired, "outcomes": self.outcomes}


class Rules:
    def __init__(self):
        self.all, self.numbers, self.change = {}, itertools.count(1), asyncio.Event()

    def add(self, **wanted):
        rule = Rule(next(self.numbers), **wanted)
        self.all[rule.number] = rule
        return rule

    def firing(self, command, statement):
        """The first rule that fires; every rule counts."""
        if command[0] not in STATEMENTS:
            return None
        firing = [rule for rule in self.all.values() if rule.fires(statement)]
        if firing:
            self.changed()
        return firing[0] if firing else None

    def changed(self):
        self.change.set()
        self.change = asyncio.Event()

    async def until(self, condition, seconds):
        async def waiting():
            while not condition():
                await self.change.wait()
        await asyncio.wait_for(waiting(), seconds)
