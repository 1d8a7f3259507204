"""What every server that can be a source has in common: row binlogs, small caches, speed before durability."""

import getpass

from .server import HOST, Server


class Source(Server):
    def account(self):
        """Who the server runs as: whoever starts it."""
        return f"--user={getpass.getuser()}"

    def source_options(self):
        return [
            self.account(), f"--datadir={self.data}", f"--tmpdir={self.dir}/tmp", f"--pid-file={self.dir}/pid",
            f"--socket={self.socket}", f"--bind-address={HOST}", f"--port={self.port}", f"--log-error={self.log}",
            "--secure-file-priv=", f"--server-id={self.server_id}", "--log-bin=binlog", "--binlog-format=ROW",
            "--binlog-row-image=FULL", "--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=256M",
        ]

    def gtid_options(self):
        """MySQL's switches, said either way: 9.7 has them on by itself; 5.6 needs log_slave_updates with them."""
        if not self.gtid:
            return ["--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"]
        return ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--log-slave-updates=ON"]
