"""TiDB in one process with its own store: found on the machine, never downloaded."""

import os
import re
import shutil
from pathlib import Path

from .server import HOST, Missing, Server, free_port


class TiDB(Server):
    name = "tidb"

    def install(self):
        self.program = find()
        if not self.program:
            raise Missing("tidb: no $TIDB_SERVER, no tidb-server on PATH, none of TiUP's")

    def programs(self):
        return [__file__, self.program]

    def prepare(self, data):
        """A first start creates the system tables, which takes most of the time."""
        maker = TiDB(dir=data / "maker")
        maker.data.mkdir(parents=True)
        maker.start()
        maker.stop()
        for child in maker.data.iterdir():
            child.rename(data / child.name)
        shutil.rmtree(maker.dir)

    def environment(self):
        """TiDB makes one more folder of files that no option of its command line moves."""
        return {"TMPDIR": f"{self.dir}/tmp"}

    def command(self):
        return [self.program, "-store", "unistore", "-path", str(self.data), "-host", HOST, "-P", str(self.port),
                "-status-host", HOST, "-status", str(free_port()), "-socket", self.socket, "-temp-dir",
                f"{self.dir}/tmp", "-L", "warn", "-log-file", str(self.log), "-log-general", f"{self.dir}/general",
                *self.options]


def find():
    """The path of a tidb-server, or None."""
    named = os.environ.get("TIDB_SERVER") or shutil.which("tidb-server")
    if named:
        return named if os.access(named, os.X_OK) else None
    installed = Path.home().glob(".tiup/components/tidb/*/tidb-server")
    return str(max(installed, key=by_version, default="")) or None


def by_version(path):
    return [int(number) for number in re.findall(r"\d+", path.parent.name)]
