"""MySQL 5.6 from an npm package whose hash is pinned beside this file."""

import base64
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from . import cache
from .server import Failed, Missing, run
from .source import Source

PIN = Path(__file__).with_name("mysql56.pin")
SCRIPTS = ["mysql_system_tables.sql", "mysql_system_tables_data.sql", "fill_help_tables.sql"]
ACCOUNTS = """
DELETE FROM user WHERE User = '' OR Host NOT IN ('localhost');
DELETE FROM db;
DELETE FROM proxies_priv WHERE Host <> 'localhost';
FLUSH PRIVILEGES;
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
"""


class MySQL56(Source):
    name = "mysql56"

    def install(self):
        self.home = cache.once("mysql56", fetch) / "server"

    def programs(self):
        return [__file__, self.home / "mysqld"]

    def program(self):
        return [str(self.home / "mysqld"), "--no-defaults", f"--lc-messages-dir={self.home}/share",
                f"--character-sets-dir={self.home}/share/charsets", "--innodb-log-file-size=32M"]

    def environment(self):
        return {"LD_LIBRARY_PATH": str(self.home)}

    def prepare(self, data):
        (data / "mysql").mkdir()
        parts = ["USE mysql;", *((self.home / "share" / script).read_text() for script in SCRIPTS), ACCOUNTS]
        with tempfile.TemporaryFile("w+") as script:
            script.write("\n".join(parts))
            script.seek(0)
            run([*self.program(), self.account(), f"--datadir={data}", "--bootstrap"], "mysqld --bootstrap",
                stdin=script, env={**os.environ, **self.environment()})
        (data / "auto.cnf").unlink(missing_ok=True)

    def command(self):
        return [*self.program(), *self.source_options(), *self.gtid_options(), *self.options]


def fetch(home):
    package, pinned = PIN.read_text().split()
    if not shutil.which("npm"):
        raise Missing("mysql56: no npm on this machine; tests/install installs it")
    with tempfile.TemporaryDirectory(prefix="tidegate-npm-") as download:
        try:
            run(["npm", "pack", "--silent", package], f"npm pack {package}", cwd=download)
        except Failed as failure:
            raise Missing(f"mysql56: {failure}") from failure
        archive = next(Path(download).glob("*.tgz"))
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != pinned:
            raise Failed(f"{package} has the hash {found}, not {pinned}: not used")
        run(["tar", "-xzf", str(archive), "-C", str(home), "--no-same-owner", "--strip-components=1"], "tar")
    os.chmod(home / "server/mysqld", 0o755)
