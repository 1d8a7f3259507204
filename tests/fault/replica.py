# SPDX-License-Identifier: Apache-2.0
"""A semi-synchronous replica that takes its time: it confirms each transaction, but late.

Until it does, the source's committers stand between the binlog and the storage engine: the stream already
shows what no SELECT can see. A replica that never confirms would only be given up after the source's timeout.
"""

import socket
import struct
import threading
import time
from collections import deque

DUMP, MAGIC = 0x12, 0xEF
ROTATE = 4


class LateReplica:
    def __init__(self, server, seconds):
        self.server, self.seconds = server, seconds
        self.confirmed, self.problem = 0, None
        self.over, self.waiting, self.news = False, deque(), threading.Condition()
        self.connection = server.connect(read_timeout=None)
        self.threads = [threading.Thread(target=self.guarded, args=(work,), daemon=True) for work in (self.read, self.confirm)]

    def start(self, file, offset):
        with self.connection.cursor() as cursor:
            for name in ("rpl_semi_sync_slave", "rpl_semi_sync_replica"):
                cursor.execute(f"SET @{name} = 1")
            cursor.execute("SET @master_binlog_checksum='NONE', @source_binlog_checksum='NONE'")
            cursor.execute("SET @mariadb_slave_capability=4")
        self.file = file
        body = struct.pack("<IHI", offset, 0, 424242) + file.encode()
        self.connection._execute_command(DUMP, body)
        for thread in self.threads:
            thread.start()
        return self

    def guarded(self, work):
        try:
            work()
        except Exception as problem:  # the test asks for it at its end
            if not self.over:
                self.problem = problem

    def read(self):
        while not self.over:
            head, = struct.unpack("<I", self.connection._read_bytes(4))  # its number starts anew after each confirmation
            data = self.connection._read_bytes(head & 0xFFFFFF)
            if data[1] != MAGIC:
                raise RuntimeError(f"not a semi-synchronous stream: {data[:8].hex()}")
            event = data[3:]
            if event[4] == ROTATE:
                self.file = event[27:].decode(errors="replace").rstrip("\0")
            if data[2] & 1:
                offset, = struct.unpack_from("<I", event, 13)
                with self.news:
                    self.waiting.append((time.monotonic() + self.seconds, self.file, offset))
                    self.news.notify()

    def confirm(self):
        while not self.over:
            with self.news:
                while not self.waiting and not self.over:
                    self.news.wait()
                if self.over:
                    return
                due, file, offset = self.waiting.popleft()
                while not self.over and (left := due - time.monotonic()) > 0:
                    self.news.wait(left)
            body = struct.pack("<BQ", MAGIC, offset) + file.encode()
            self.connection._sock.sendall(struct.pack("<I", len(body))[:3] + b"\0" + body)
            self.confirmed += 1

    def discard(self):
        self.over = True
        with self.news:
            self.news.notify_all()
        try:
            self.connection._sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # it is gone already
