"""The parts of the MySQL protocol that a proxy must understand."""

import struct

BIGGEST = 0xFFFFFF  # a packet of this size is continued by the next

QUIT, QUERY, STATISTICS, CHANGE_USER, BINLOG_DUMP = 0x01, 0x03, 0x09, 0x11, 0x12
FIELD_LIST, STMT_PREPARE, STMT_EXECUTE, STMT_LONG_DATA, STMT_CLOSE = 0x04, 0x16, 0x17, 0x18, 0x19
STMT_FETCH, BINLOG_DUMP_GTID, BULK_EXECUTE = 0x1C, 0x1E, 0xFA
SILENT = {QUIT, STMT_LONG_DATA, STMT_CLOSE}  # commands without an answer
STREAMS = {BINLOG_DUMP, BINLOG_DUMP_GTID}

MORE_RESULTS, CURSOR_EXISTS = 0x0008, 0x0040

# What the proxy does not let the two agree on: compression, TLS, zstd, optional metadata, DEPRECATE_EOF, query
# attributes; of MariaDB's own: progress reports and cached metadata.
HIDDEN = 1 << 5 | 1 << 11 | 1 << 24 | 1 << 25 | 1 << 26 | 1 << 27
HIDDEN_MARIADB = 1 << 0 | 1 << 4

STATES = {1213: "40001", 1045: "28000", 2013: "HY000"}


def plain_greeting(packet):
    """The server's greeting without the capabilities that the proxy cannot follow."""
    body = bytearray(packet)
    if body[0] != 10:
        return packet
    at = body.index(0, 1) + 1 + 4 + 8 + 1
    low, = struct.unpack_from("<H", body, at)
    high, = struct.unpack_from("<H", body, at + 5)
    shown = (low | high << 16) & ~HIDDEN
    struct.pack_into("<H", body, at, shown & 0xFFFF)
    struct.pack_into("<H", body, at + 5, shown >> 16)
    if not low & 1:  # MariaDB keeps more of them in the last four reserved bytes
        own, = struct.unpack_from("<I", body, at + 14)
        struct.pack_into("<I", body, at + 14, own & ~HIDDEN_MARIADB)
    return bytes(body)


def thread_id(greeting):
    return struct.unpack_from("<I", greeting, greeting.index(0, 1) + 1)[0]


def frame(payload, sequence):
    """The payload as packets of the wire, and the sequence number after them."""
    parts, at = [], 0
    while True:
        part = payload[at:at + BIGGEST]
        parts.append(struct.pack("<I", len(part) | (sequence & 0xFF) << 24) + part)
        sequence, at = sequence + 1, at + BIGGEST
        if len(part) < BIGGEST:
            return b"".join(parts), sequence & 0xFF


def error(code, message):
    return b"\xff" + struct.pack("<H", code) + b"#" + STATES.get(code, "HY000").encode() + message.encode()


def error_code(packet):
    return struct.unpack_from("<H", packet, 1)[0] if packet[:1] == b"\xff" else None


def is_eof(packet):
    return packet[:1] == b"\xfe" and len(packet) < 9


def eof_status(packet):
    return struct.unpack_from("<H", packet, 3)[0] if len(packet) >= 5 else 0


def ok_status(packet):
    at = skip_number(packet, skip_number(packet, 1))
    return struct.unpack_from("<H", packet, at)[0]


def skip_number(packet, at):
    return at + {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(packet[at], 1)
