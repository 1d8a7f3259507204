"""One client's connection through the proxy: command by command, so that a rule can step in at any of them."""

import asyncio
import contextlib
import socket
import struct

from . import packets as p

GONE = (ConnectionError, asyncio.IncompleteReadError, OSError)


class Side:
    """One end: reads and writes packets; a read may be left pending."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.pending, self.sequence = reader, writer, None, 0

    def reading(self):
        if self.pending is None:
            self.pending = asyncio.ensure_future(self.read())
            self.pending.add_done_callback(forget)
        return self.pending

    async def next(self):
        packet = await self.reading()
        self.pending = None
        return packet

    async def read(self):
        """One whole payload, however many packets carry it."""
        parts = []
        while True:
            head, = struct.unpack("<I", await self.reader.readexactly(4))
            size, self.sequence = head & p.BIGGEST, head >> 24
            parts.append(await self.reader.readexactly(size))
            if size < p.BIGGEST:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def write(self, payload, sequence):
        data, following = p.frame(payload, sequence)
        self.writer.write(data)
        await self.writer.drain()
        return following

    def leave(self):
        """Nobody listens any more, but the connection stands."""
        if self.pending:
            self.pending.cancel()

    def close(self, how="fin"):
        self.leave()
        if how == "rst":
            with contextlib.suppress(OSError):
                raw = self.writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()


def first_sequence(side, packet):
    """The number of the first of the packets that carried this payload, the side's latest."""
    return side.sequence - len(packet) // p.BIGGEST


def forget(task):
    """Takes note of how a task ended, so that asyncio does not complain about it."""
    return task.cancelled() or task.exception()


class Cut(Exception):
    """A rule ends this connection."""


class Session:
    def __init__(self, proxy, number, client, server):
        self.proxy, self.number, self.client, self.server = proxy, number, client, server
        self.kept = None  # the side that a half-open connection leaves standing
        self.how, self.holding, self.cutting = "fin", False, None
        self.reply = 1  # the number of a packet that the proxy answers with
        self.thread_id, self.statement, self.statements = None, "", {}
        self.last_prepared = None

    def describe(self):
        return {"id": self.number, "thread_id": self.thread_id, "statement": self.statement[:200], "kept": self.kept}

    async def run(self):
        try:
            await self.handshake()
            while True:
                await self.idle()
                command = await self.client.next()
                if not await self.serve(command):
                    return
        except (*GONE, Cut, asyncio.CancelledError):
            pass
        finally:
            for name, side in (("client", self.client), ("server", self.server)):
                if name == self.kept:
                    side.leave()
                else:
                    side.close(self.how)
            self.proxy.ended(self)

    async def idle(self):
        """Until the client says something; what the server says meanwhile is its farewell."""
        while not self.client.reading().done():
            await asyncio.wait([self.client.reading(), self.server.reading()], return_when=asyncio.FIRST_COMPLETED)
            if self.server.reading().done():
                packet = await self.server.next()
                await self.answer(packet, self.server.sequence)
        await self.proxy.link.passing()

    async def answer(self, packet, sequence):
        await self.proxy.link.passing()
        return await self.client.write(packet, sequence)

    # Logging in: whoever speaks is passed on, until the server accepts or refuses.

    async def handshake(self):
        greeting = await self.server.next()
        if greeting[0] == 10:
            self.thread_id = p.thread_id(greeting)
            greeting = p.plain_greeting(greeting)
        await self.answer(greeting, 0)
        if greeting[0] == 10:
            await self.authenticate()

    async def authenticate(self):
        while True:
            await asyncio.wait([self.client.reading(), self.server.reading()], return_when=asyncio.FIRST_COMPLETED)
            await self.proxy.link.passing()
            if self.server.reading().done():
                packet = await self.server.next()
                await self.answer(packet, self.server.sequence)
                if packet[0] in (0x00, 0xFF):
                    return
            else:
                await self.server.write(await self.client.next(), self.client.sequence)

    # Commands.

    async def serve(self, command):
        """Returns False when the conversation is over."""
        self.statement, self.reply = self.text(command), 1
        rule = self.proxy.rules.firing(command, self.statement)
        if rule is None:
            await self.forward(command)
        else:
            await getattr(self, f"do_{rule.action}")(rule, command)
        return command[0] != p.QUIT

    def text(self, command):
        if command[0] in (p.QUERY, p.STMT_PREPARE):
            return command[1:].decode("utf-8", "replace")
        if command[0] in (p.STMT_EXECUTE, p.BULK_EXECUTE):
            number, = struct.unpack_from("<I", command, 1)
            return self.statements.get(self.last_prepared if number == 0xFFFFFFFF else number, "")
        return ""

    async def forward(self, command):
        await self.server.write(command, 0)
        if command[0] in p.STREAMS:
            await self.stream()
        elif command[0] == p.CHANGE_USER:
            await self.authenticate()
        elif command[0] not in p.SILENT:
            await asyncio.wait([self.server.reading()])
            await self.proxy.link.passing()
            await self.respond(command, self.pass_on)

    async def pass_on(self, payload, sequence):
        await self.proxy.link.open.wait()
        await self.client.write(payload, sequence)

    async def do_delay(self, rule, command):
        await asyncio.sleep(rule.ms / 1000)
        await self.forward(command)

    async def do_error(self, rule, command):
        if rule.when == "after":
            await self.swallow(command)
        elif rule.send:
            await self.swallow(bytes([p.QUERY]) + rule.send.encode())
        await self.answer(p.error(rule.code, rule.message), self.reply)

    async def do_drop(self, rule, command):
        if rule.when == "after":
            rule.outcomes.append(await self.swallow(command))
            self.proxy.rules.changed()
        self.how = rule.how
        raise Cut

    async def do_cutfile(self, rule, command):
        """The connection ends in the middle of the file that the statement sends."""
        self.cutting = rule
        await self.forward(command)
        self.cutting = None

    async def do_break(self, rule, command):
        """Some packets of the answer arrive, then an error of the server; with code 0 the connection ends."""
        left = rule.packets

        async def some(payload, sequence):
            nonlocal left
            left -= 1
            if left >= 0:
                await self.client.write(payload, sequence)
            elif not rule.code:
                self.how = rule.how
                raise Cut
            elif left == -1:
                await self.client.write(p.error(rule.code, rule.message), sequence)
        await self.server.write(command, 0)
        await self.respond(command, some)

    async def do_alter(self, rule, command):
        """Bytes of the answer arrive as others."""
        async def altered(payload, sequence):
            await self.pass_on(payload.replace(rule.find, rule.put), sequence)
        await self.server.write(command, 0)
        await self.respond(command, altered)

    async def do_hold(self, rule, command):
        """The client may die meanwhile: nobody looks at its side until the packet was released and answered."""
        self.holding = True
        await rule.released.wait()
        try:
            await self.server.write(command, 0)
            rule.outcomes.append(await self.respond(command, self.try_client))
        except GONE:
            rule.outcomes.append("gone")
            raise
        finally:
            self.holding = False
            self.proxy.rules.changed()

    async def try_client(self, payload, sequence):
        with contextlib.suppress(*GONE):
            await self.client.write(payload, sequence)

    async def swallow(self, command):
        """The server executes it, the client never hears: returns `ok` or the error's code."""
        await self.server.write(command, 0)
        return await self.respond(command, self.nobody)

    async def nobody(self, payload, sequence):
        pass

    # Answers, in the classic form with EOF packets.

    async def respond(self, command, to):
        """Passes the whole answer on; returns `ok` or the error's code."""
        kind = command[0]
        first = await self.relay(to)
        if p.error_code(first) is not None:
            return p.error_code(first)
        if kind == p.STMT_PREPARE:
            await self.prepared(first, command, to)
        elif kind in (p.FIELD_LIST, p.STMT_FETCH):
            while not p.is_eof(first) and p.error_code(first) is None:
                first = await self.relay(to)
        elif kind != p.STATISTICS:
            return await self.results(first, to)
        return "ok"

    async def relay(self, to):
        packet = await self.server.next()
        await to(packet, first_sequence(self.server, packet))
        return packet

    async def prepared(self, first, command, to):
        number, columns, parameters = struct.unpack_from("<IHH", first, 1)
        self.statements[number], self.last_prepared = self.text(command), number
        for count in (parameters, columns):
            for _ in range(count + 1 if count else 0):
                await self.relay(to)

    async def results(self, packet, to):
        """One or more results, of which `packet` is the first packet."""
        while True:
            if p.error_code(packet) is not None:
                return p.error_code(packet)
            if packet[0] == 0xFB:
                await self.local_file(to, packet)
                packet = await self.relay(to)
                continue
            if p.is_eof(packet):  # the answer of COM_SET_OPTION
                return "ok"
            status = p.ok_status(packet) if packet[0] == 0 else await self.rows(to)
            if status is None or not status & p.MORE_RESULTS:
                return "ok"
            packet = await self.relay(to)

    async def rows(self, to):
        while not p.is_eof(packet := await self.relay(to)):
            pass
        if p.eof_status(packet) & p.CURSOR_EXISTS:
            return p.eof_status(packet) & ~p.MORE_RESULTS
        while not p.is_eof(packet := await self.relay(to)):
            if p.error_code(packet) is not None:
                return None
        return p.eof_status(packet)

    async def local_file(self, to, wish):
        """LOAD DATA LOCAL: the client sends the file, ended by an empty packet; also one that hears nothing else."""
        passed, sequence = 0, self.server.sequence + 1
        if to == self.nobody:
            await self.client.write(wish, 1)
        while True:
            part = await self.client.next()
            if self.cutting and passed == self.cutting.packets:
                await self.cut_file(part)
            sequence = await self.server.write(part, sequence)
            passed, self.reply = passed + 1, self.client.sequence + 1
            if not part:
                return

    async def cut_file(self, part):
        rule = self.cutting
        if rule.half:
            data, _ = p.frame(part, first_sequence(self.client, part))
            self.server.writer.write(data[:len(data) // 2])
            await self.server.writer.drain()
        rule.outcomes.append("cut")
        self.proxy.rules.changed()
        if rule.how == "wait":  # the file stands still until the client has gone, or for ever
            await rule.released.wait()
        self.how = "fin" if rule.how == "wait" else rule.how
        raise Cut

    # The binlog: bytes both ways, late by the delay of the link.

    async def stream(self):
        ways = [asyncio.ensure_future(self.pump(self.server, self.client)),
                asyncio.ensure_future(self.pump(self.client, self.server))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
                way.add_done_callback(forget)
        raise Cut

    async def pump(self, source, target):
        """Every packet arrives late, yet as many of them per second as without delay."""
        clock, link, late = asyncio.get_running_loop().time, self.proxy.link, asyncio.Queue(1000)

        async def collect():
            with contextlib.suppress(*GONE):
                while True:
                    packet = await source.next()
                    await late.put((clock() + link.seconds, packet, first_sequence(source, packet)))
            await late.put(None)

        collecting = asyncio.ensure_future(collect())
        try:
            while item := await late.get():
                due, packet, sequence = item
                await asyncio.sleep(due - clock())
                await link.open.wait()
                await target.write(packet, sequence)
        finally:
            collecting.cancel()
