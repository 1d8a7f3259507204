"""A real server on a free port of 127.0.0.1 in a directory of its own: can be stopped, killed, started again."""

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pymysql

from . import cache
from .wait import wait_for

HOST = "127.0.0.1"
PORTS = range(12000, 32000)  # below what the kernel hands to clients
START_SECONDS = 120
STOP_SECONDS = 60


class Missing(Exception):
    """This server is not on this machine: whatever needs it is skipped (exit code 77)."""


class Failed(Exception):
    """The server is there, but did not do what was asked."""


class Server:
    """Every kind says where it comes from, how its data directory is made, and how it starts."""

    name = ""
    template = None  # the kind whose prepared data directory it starts from, where that is another

    def __init__(self, dir=None, gtid=False, options=(), port=None):
        self.temporary = dir is None
        self.dir = Path(dir or f"{tempfile.gettempdir()}/tidegate-{self.name}-{secrets.token_hex(6)}").absolute()
        self.data, self.log, self.record = self.dir / "data", self.dir / "log.err", self.dir / "server.json"
        self.process = None
        self.info = {
            "name": self.name, "version": None, "host": HOST, "port": port, "user": "root", "password": "",
            "dir": str(self.dir), "pid": None, "log": str(self.log), "socket": self.socket_path(),
            "gtid": gtid, "server_id": secrets.randbelow(2**31) + 1, "options": [], "born": None,
        }
        if self.record.exists():
            self.info.update(json.loads(self.record.read_text()))
            self.info["gtid"] |= gtid
            self.info["port"] = port or self.info["port"]
        self.info["options"] += options

    # What a kind says about itself.

    def install(self):
        """Makes the server's programs available, or raises Missing."""

    def programs(self):
        """The files that a prepared data directory depends on."""
        raise NotImplementedError

    def prepare(self, data):
        """Fills an empty data directory."""
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    # What everybody may ask.

    def __getattr__(self, field):
        if field != "info" and field in self.__dict__.get("info", {}):
            return self.info[field]
        raise AttributeError(field)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.discard()

    def connect(self, **options):
        """A pymysql connection of root, autocommit on."""
        wanted = {"host": HOST, "port": self.port, "user": "root", "password": "", "autocommit": True,
                  "charset": "utf8mb4", **options}
        return pymysql.connect(**wanted)

    def query(self, statement, *values):
        """Runs one statement in a connection of its own and returns its rows."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall()
        finally:
            connection.close()

    def alive(self):
        if self.process:
            return self.process.poll() is None
        return self.pid is not None and born(self.pid) == self.info["born"]

    def start(self):
        """Starts the server where it is not running, and returns when it answers SQL."""
        if self.alive():
            return self.wait()
        self.install()
        self.dir.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            self.data.mkdir()
            cache.copy_template(self.template or self.name, cache.fingerprint(*self.programs()), self.prepare, self.data)
        again = self.port is not None
        for _ in range(10):
            if not again:
                self.info["port"] = free_port()
            self.launch()
            try:
                return self.wait()
            except Failed:
                if again or "already in use" not in self.log_tail().lower():
                    self.kill()
                    raise
        raise Failed(f"{self.name}: every port tried was taken by somebody else")

    def launch(self):
        (self.dir / "tmp").mkdir(exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.dir, env={**os.environ, **self.environment()}, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.info["pid"], self.info["born"] = self.process.pid, born(self.process.pid)
        self.save()

    def save(self):
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps(self.info) + "\n")
        draft.rename(self.record)

    def wait(self, seconds=START_SECONDS):
        """Returns when the server answers SQL."""
        wait_for(self.answers, seconds, f"answer of {self.name} on port {self.port}")
        self.save()
        return self

    def answers(self):
        if not self.alive():
            raise Failed(f"{self.name} ended at once: {self.log_tail()}")
        try:
            self.info["version"] = self.query("SELECT VERSION()")[0][0]
        except pymysql.err.OperationalError:
            return False
        return True

    def log_tail(self, lines=15):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n" + "\n".join(text.splitlines()[-lines:])

    def stop(self, remove=False):
        """Stops cleanly; kills what does not stop in time."""
        self.signal(signal.SIGTERM)
        try:
            self.gone()
        except TimeoutError:
            self.kill()
        if remove:
            shutil.rmtree(self.dir, ignore_errors=True)

    def kill(self):
        """What a crash of the machine's worst kind does: SIGKILL."""
        self.signal(signal.SIGKILL)
        self.gone()

    def restart(self):
        self.stop()
        return self.start()

    def discard(self):
        """The end of a test: no time is spent on a clean shutdown of a directory that goes anyway."""
        self.kill()
        if self.temporary and not os.environ.get("TIDEGATE_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def gone(self):
        wait_for(lambda: not self.alive(), STOP_SECONDS, f"end of {self.name} (process {self.pid})")

    def socket_path(self):
        path = str(self.dir / "sock")
        return path if len(path) < 100 else os.path.join(tempfile.gettempdir(), f"tg-{secrets.token_hex(8)}.sock")


def born(pid):
    """When the process started, so that a number used again is not taken for it; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_port():
    while taken(port := random.choice(PORTS)):
        pass
    return port


def run(command, what, **options):
    """Runs a helper program; its output appears only in the message of its failure."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        text = done.stdout.decode(errors="replace")[-2000:]
        raise Failed(f"{what}: exit code {done.returncode}\n{text}")
    return done.stdout.decode(errors="replace")
