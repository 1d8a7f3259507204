"""MySQL 9.x from Debian unstable, fetched by debootstrap and unpacked into a root of its own in the cache."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache
from .server import Failed, Missing, run
from .source import Source

PACKAGES = "mysql-server-core,mysql-client-core"
REDO = "--innodb-redo-log-capacity=64M"
ACCOUNTS = """
CREATE USER root@'%' IDENTIFIED WITH caching_sha2_password;
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
"""


class MySQL97(Source):
    name = "mysql97"

    def install(self):
        self.root = cache.once("mysql97", fetch)

    def programs(self):
        return [__file__, self.root / "usr/sbin/mysqld"]

    def program(self):
        return [*loader(self.root), str(self.root / "usr/sbin/mysqld"), "--no-defaults",
                f"--lc-messages-dir={self.root}/usr/share/mysql",
                f"--character-sets-dir={self.root}/usr/share/mysql/charsets",
                f"--plugin-dir={self.root}/usr/lib/mysql/plugin", "--mysqlx=OFF", REDO]

    def prepare(self, data):
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as accounts:
            accounts.write(ACCOUNTS)
            accounts.flush()
            run([*self.program(), self.account(), f"--datadir={data}", "--initialize-insecure",
                 f"--init-file={accounts.name}"], "mysqld --initialize-insecure")
        (data / "auto.cnf").unlink()  # every copy gets a server_uuid of its own

    def command(self):
        return [*self.program(), *self.source_options(), *self.gtid_options(), *self.options]


def loader(root):
    """Programs of the private root run with the root's own C library."""
    library = next((root / "usr/lib").glob("*-linux-gnu"))
    return [str(next(library.glob("ld-linux-*.so.*"))), "--library-path", str(library)]


def fetch(root):
    """Any 9.x is accepted: unstable moves on. Its packages are checked by the archive's signature."""
    tool = shutil.which("debootstrap", path="/usr/sbin:/usr/bin")
    if not tool:
        raise Missing("mysql97: no debootstrap on this machine; tests/install installs it")
    if os.geteuid():
        raise Missing("mysql97: debootstrap wants root once: sudo TIDEGATE_CACHE=… tests/servers/mysql97 install")
    with tempfile.TemporaryDirectory(prefix="tidegate-debootstrap-") as download:
        try:
            run([tool, "--force-check-gpg", "--variant=minbase", "--download-only", f"--include={PACKAGES}", "sid",
                 download, mirror()], "debootstrap")
        except Failed as failure:
            raise Missing(f"mysql97: {failure}") from failure
        for package in Path(download, "var/cache/apt/archives").glob("*.deb"):
            run(["dpkg-deb", "-x", str(package), str(root)], f"dpkg-deb -x {package.name}")
    root.chmod(0o755)
    version = run([*loader(root), str(root / "usr/sbin/mysqld"), "--no-defaults", "--version"], "mysqld --version")
    if not re.search(r"Ver 9\.", version):
        raise Missing(f"mysql97: unstable no longer has a 9.x: {version.strip()}")


def mirror():
    """The machine's own Debian mirror."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian",
         "Component: main"], stdout=subprocess.PIPE, text=True).stdout.split()
    if not listed:
        raise Missing("mysql97: apt knows no Debian mirror on this machine")
    return listed[0]
