"""MariaDB from Debian's package `mariadb-server`."""

import shutil

from .server import Missing, run
from .source import Source

ACCOUNTS = """
DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
FLUSH PRIVILEGES;
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
"""


class MariaDB(Source):
    name = "mariadb"

    def install(self):
        self.program = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if not self.program:
            raise Missing("mariadb: no mariadbd on this machine; tests/install installs it")

    def programs(self):
        return [__file__, self.program]

    def prepare(self, data):
        accounts = data / "accounts.sql"
        accounts.write_text(ACCOUNTS)
        run(["mariadb-install-db", "--no-defaults", self.account(), f"--datadir={data}", "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--extra-file={accounts}", "--innodb-log-file-size=32M"],
            "mariadb-install-db")
        accounts.unlink()

    def command(self):
        return [self.program, "--no-defaults", *self.source_options(), "--innodb-log-file-size=32M", *self.options]
