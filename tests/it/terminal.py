# SPDX-License-Identifier: Apache-2.0
"""A terminal, and somebody who sits at it: pyte is the screen, a shell runs the program, keys are counted.

A key waits for what the person would have seen before it; nothing sleeps for its own sake.
"""

import copy
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from pathlib import Path

import pyte
from harness import TIDEGATE, check

ROWS, COLUMNS = 24, 80
DEADLINE = 60
PAUSE = 0.04
PROMPT = "here> "
READING = 0.4  # a box is deaf for 0.3 s after it has opened: nobody reads faster
KEYS = {"Enter": "\r", "Tab": "\t", "Back": "\x1b[Z", "Esc": "\x1b", "Down": "\x1bOB", "Up": "\x1bOA", "Clear": "\x15", "Test": "\x14",
        "Save": "\x13"}


class Terminal(pyte.Screen):
    """Answers the question for the cursor's place, as a terminal does, and keeps the normal screen while another is shown."""

    ALTERNATE = 1049
    kept = None

    def write_process_input(self, data):
        os.write(self.line, data.encode())

    def set_mode(self, *modes, **how):
        if self.ALTERNATE in modes and how.get("private") and not self.kept:
            self.kept = (copy.deepcopy(self.buffer), self.cursor.x, self.cursor.y)
            self.erase_in_display(2)
        super().set_mode(*modes, **how)

    def reset_mode(self, *modes, **how):
        if self.ALTERNATE in modes and how.get("private") and self.kept:
            self.buffer, self.cursor.x, self.cursor.y = self.kept
            self.kept = None
        super().reset_mode(*modes, **how)


    def scroll_up(self, count=1):
        self.scroll(self.delete_lines, count)

    def scroll_down(self, count=1):
        self.scroll(self.insert_lines, count)

    def scroll(self, change, count):
        """Within the margins, as pyte does by itself only at a margin."""
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        change(count or 1)
        self.cursor.x, self.cursor.y = x, y


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Person:
    """Somebody at a shell's prompt; a command is typed, its Enter is a key."""

    def __init__(self, scene, *arguments, env=None):
        self.keys = 0
        self.line, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.screen = Terminal(COLUMNS, ROWS)
        self.screen.line = self.line
        self.stream = Stream(self.screen)
        env = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", "LANGUAGE": "", "TIDEGATE_HOME": str(scene.home / "runs"), "PS1": PROMPT,
               "PATH": f"{TIDEGATE.parent}:{os.environ['PATH']}", "HISTFILE": "", **(env or {})}
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile", "--noediting", "-i"], stdin=slave, stdout=slave, stderr=slave, env=env,
                                        cwd=scene.home, preexec_fn=os.setsid)
        os.close(slave)
        scene.add(self)
        self.sees(PROMPT.strip())
        self.enters(" ".join([TIDEGATE.name, *map(str, arguments)]))

    def enters(self, command):
        """A command at the prompt."""
        self.types(f" {command}")
        self.press("Enter")

    def leaves(self, is_killed=False):
        """Waits for the prompt below what the program left on the normal screen; answers its exit code."""
        self.until(lambda: (is_killed or not self.screen.kept) and self.before_cursor().endswith(PROMPT), "the prompt")
        self.sends(" echo =$?=\r")
        self.until(lambda: re.search(r"^=\d+=", self.text(), re.M), "the exit code")
        return int(re.findall(r"^=(\d+)=", self.text(), re.M)[-1])

    def child(self):
        """The process id of what the shell runs."""
        return int(Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()[0])

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.line)

    def text(self):
        return "\n".join(self.screen.display)

    def before_cursor(self):
        return self.screen.display[self.screen.cursor.y][:self.screen.cursor.x]

    def pump(self, seconds):
        """false: the shell has ended."""
        if not select.select([self.line], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.line, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def until(self, condition, what):
        stop = time.monotonic() + DEADLINE
        while not condition():
            check(time.monotonic() < stop, f"{what} never came:\n{self.text()}")
            check(self.pump(0.2), f"the shell ended before {what}:\n{self.text()}")

    def sees(self, *wanted):
        self.until(lambda: all(one in self.text() for one in wanted), wanted)

    def reads(self):
        stop = time.monotonic() + READING
        while time.monotonic() < stop:
            self.pump(0.1)

    def press(self, *keys):
        for key in keys:
            self.keys += 1
            self.sends(KEYS.get(key, key))

    def answer_ms(self, key):
        """From a key to the first byte that answers it."""
        while select.select([self.line], [], [], 0.01)[0]:
            self.pump(0)
        began = time.monotonic()
        os.write(self.line, KEYS.get(key, key).encode())
        check(select.select([self.line], [], [], DEADLINE)[0], f"{key} was never answered:\n{self.text()}")
        took = 1000 * (time.monotonic() - began)
        self.pump(0)
        return took

    def types(self, text):
        """Until it is seen before the cursor, itself or as stars: what follows at once could be taken for a part of a paste."""
        self.sends(text)
        self.until(lambda: self.before_cursor().endswith((text, "*" * len(text))), f"{text}, as it was typed,")

    def sends(self, text):
        """As it is; a key, or what nobody may see."""
        os.write(self.line, text.encode())
        stop = time.monotonic() + PAUSE
        while time.monotonic() < stop:
            self.pump(PAUSE / 4)
