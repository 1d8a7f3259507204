"""Real servers for tests: `from servers import start`, then `with start("mariadb") as server: server.connect()`."""

import atexit
import os
import signal
import sys
import threading

from .lib.faults import COMMIT, Faults
from .lib.managed import RDS, Aurora, Aurora2
from .lib.mariadb import MariaDB
from .lib.mysql56 import MySQL56
from .lib.mysql97 import MySQL97
from .lib.server import Failed, Missing, Server
from .lib.tidb import TiDB
from .lib.wait import wait_for

KINDS = {kind.name: kind for kind in (MariaDB, MySQL97, MySQL56, TiDB, Aurora, Aurora2, RDS)}
SKIPPED = 77  # the exit code of a test whose server is not on this machine

_started = []
_owner = os.getpid()


def start(name, dir=None, gtid=False, options=(), port=None):
    """A running server that ends with this process at the latest; raises Missing where the machine has none."""
    return keep(KINDS[name](dir, gtid, list(options), port)).start()


def faults(server):
    """A running proxy in front of a server, for as long as this process runs."""
    return keep(Faults(server)).start()


def keep(server):
    """Has what was started here ended with this process."""
    if not _started and threading.current_thread() is threading.main_thread():
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _started.append(server)
    return server


@atexit.register
def _discard_all():
    if os.getpid() == _owner:
        for server in _started:
            server.discard()


__all__ = ["COMMIT", "Failed", "faults", "KINDS", "Missing", "SKIPPED", "Server", "start", "wait_for"]
