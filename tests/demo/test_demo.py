#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tidegate demo`: the rehearsal that ends by itself, the dashboard on a terminal, and nothing left behind.

Everything that the demo makes is below $TMPDIR, which is one folder per case here, and every process of it
has the case's mark in its environment; so what stays is seen. The terminal is a real pty; libvterm says what
stands on its screen.
"""

import ctypes
import ctypes.util
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import EXIT, TIDEGATE, Scene, Skip, case, check, equal, main, wait_for  # noqa: E402

ROWS, COLUMNS = 24, 80
START_SECONDS, END_SECONDS = 180, 60
MARK = "TG_TEST_DEMO"
KEY_SECONDS = 0.5  # a dialog that has just opened takes no key yet, so Enter is pressed again like a person would
GONE_SECONDS = 5  # a killed server's entry in /proc may outlive the demo by a moment


class Rectangle(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("top", "bottom", "left", "right")]


class Screen:
    """What a terminal shows that got these bytes."""

    def __init__(self):
        library = ctypes.util.find_library("vterm")
        if not library:
            raise Skip("no libvterm on this machine; tests/install installs it")
        self.vterm = ctypes.CDLL(library)
        for name, result, arguments in (
                ("vterm_new", ctypes.c_void_p, [ctypes.c_int, ctypes.c_int]), ("vterm_free", None, [ctypes.c_void_p]),
                ("vterm_set_utf8", None, [ctypes.c_void_p, ctypes.c_int]),
                ("vterm_obtain_screen", ctypes.c_void_p, [ctypes.c_void_p]),
                ("vterm_screen_reset", None, [ctypes.c_void_p, ctypes.c_int]),
                ("vterm_input_write", ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
                ("vterm_screen_get_text", ctypes.c_size_t, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, Rectangle])):
            function = getattr(self.vterm, name)
            function.restype, function.argtypes = result, arguments
        self.terminal = self.vterm.vterm_new(ROWS, COLUMNS)
        self.vterm.vterm_set_utf8(self.terminal, 1)
        self.screen = self.vterm.vterm_obtain_screen(self.terminal)
        self.vterm.vterm_screen_reset(self.screen, 1)

    def feed(self, data):
        self.vterm.vterm_input_write(self.terminal, data, len(data))

    def text(self):
        buffer = ctypes.create_string_buffer(COLUMNS * 8)
        lines = []
        for row in range(ROWS):
            size = self.vterm.vterm_screen_get_text(self.screen, buffer, len(buffer), Rectangle(row, row + 1, 0, COLUMNS))
            lines.append(buffer.raw[:size].decode(errors="replace").rstrip())
        return "\n".join(lines)

    def free(self):
        self.vterm.vterm_free(self.terminal)


class Window:
    """The demo on a terminal of its own."""

    def __init__(self, env):
        self.screen = Screen()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen([str(TIDEGATE), "demo"], stdin=slave, stdout=slave, stderr=slave, env=env,
                                        preexec_fn=own_terminal)
        os.close(slave)

    def read(self, seconds=0.2):
        """Takes what comes within the time; False when the terminal's other side is closed."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # EIO: the last process has left the terminal
            return False
        self.screen.feed(data)
        return bool(data)

    def until(self, *texts, seconds=START_SECONDS):
        """Until all of these stand on the screen at once."""
        deadline = time.monotonic() + seconds
        while not all(text in self.screen.text() for text in texts):
            check(time.monotonic() < deadline, f"not within {seconds} s: {texts}\n{self.screen.text()}")
            if not self.read():
                raise AssertionError(f"the demo ended, exit code {self.process.wait()}\n{self.screen.text()}")

    def type(self, keys):
        os.write(self.master, keys)

    def close(self):
        """What a terminal program does when its window is closed."""
        if self.master is not None:
            os.close(self.master)
            self.master = None

    def ended(self, keys=b""):
        """The exit code; until then these keys are typed again and again."""
        deadline, typed = time.monotonic() + END_SECONDS, 0
        while self.process.poll() is None:
            if keys and time.monotonic() - typed > KEY_SECONDS:
                self.type(keys)
                typed = time.monotonic()
            check(time.monotonic() < deadline, f"still there after {END_SECONDS} s\n{self.screen.text()}")
            if self.master is None or not self.read():
                try:
                    self.process.wait(0.2)
                except subprocess.TimeoutExpired:
                    pass
        return self.process.returncode

    def discard(self):
        self.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.screen.free()


class Room:
    """The one folder that a demo may write to."""

    def __init__(self, **more):
        if not shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin"):
            raise Skip("no mariadbd on this machine, which the demo needs")
        self.path = Path(tempfile.mkdtemp(prefix="tg-demo-"))
        self.env = {**os.environ, "TMPDIR": str(self.path), MARK: str(self.path), "TERM": "xterm", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **more}

    def processes(self):
        """(id, command line) of each process that this case's demo started."""
        mark, found = f"{MARK}={self.path}".encode(), []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")))
            except OSError:  # it ended, or is not ours to read
                pass
        return found

    def files(self):
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))

    def check_empty(self):
        try:
            wait_for(lambda: not self.processes(), GONE_SECONDS, "the end of all processes", pause=0.05)
        except TimeoutError:
            check(False, f"left behind: {self.processes()}")
        equal(self.files()[:10], [], "files left behind")

    def discard(self):
        for number, _ in self.processes():
            try:
                os.kill(number, signal.SIGKILL)
            except OSError:
                pass
        shutil.rmtree(self.path, ignore_errors=True)


@case(for_each=[("tidb", {}), ("no-tidb", {"TIDB_SERVER": "/nowhere/tidb-server"})])
def test_by_itself(scene: Scene, environment):
    """Without a terminal it is a test of the product: PASS and exit 0, nothing left; without TiDB a MariaDB stands in."""
    room = scene.add(Room(**environment))
    log = scene.logs / "demo.log"
    with open(log, "wb") as out:
        demo = subprocess.Popen([str(TIDEGATE), "demo", "--seconds", "3"], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                env=room.env, start_new_session=True)
    try:
        wait_for(lambda: room.files() and len(room.processes()) >= 4, START_SECONDS, "demo, engine, and two servers", pause=0.05)
        code = demo.wait(START_SECONDS)
    except (TimeoutError, subprocess.TimeoutExpired):
        raise AssertionError(f"the demo does not get on:\n{log.read_text(errors='replace')[-3000:]}") from None
    text = log.read_text(errors="replace")
    equal(code, EXIT["fine"], f"exit code of\n{text[-3000:]}\nwhich")
    check("PASS" in text and "FAIL" not in text, f"no PASS: {text[-3000:]}")
    room.check_empty()


@case()
def test_dashboard(scene: Scene):
    """The dashboard on 80x24, left by `q` and Enter."""
    room = scene.add(Room())
    window = scene.add(Window(room.env))
    window.until("Dump", "IN-SYNC")
    check("order_items" in window.screen.text(), f"no table is shown:\n{window.screen.text()}")
    check(len(room.processes()) >= 4, f"demo, engine, and two servers: {room.processes()}")
    window.type(b"q")
    window.until("Leave", "Stay", seconds=20)
    equal(window.ended(keys=b"\r"), EXIT["fine"], f"exit code, after\n{window.screen.text()}\nwhich")
    room.check_empty()


@case(for_each=[("signal", "signal"), ("closed", "closed")])
def test_hangup(scene: Scene, how):
    """SIGHUP, and a closed terminal, end the demo, which has no one to go on for."""
    room = scene.add(Room())
    window = scene.add(Window(room.env))
    window.until("Dump", "IN-SYNC")
    if how == "signal":
        window.process.send_signal(signal.SIGHUP)
    else:
        window.close()
    code = window.ended()
    check(code in (EXIT["fine"], EXIT["resumable"], 128 + signal.SIGHUP), f"exit code {code}")
    room.check_empty()


if __name__ == "__main__":
    main()
