"""MySQL servers made to look like Amazon's: who may do what, rds_* procedures, aurora_version(), where they are installed.

What they can't be made to do: they show no variable aurora_version, no version of Amazon's, and none of Aurora 2's own
privileges (LOAD FROM S3); no binlog file is deleted by `binlog retention hours`. On the real ones the master user holds
RELOAD and is refused FLUSH TABLES WITH READ LOCK all the same; here it is refused because RELOAD is not granted.
"""

import shutil
from pathlib import Path

from .mysql56 import MySQL56
from .mysql97 import MySQL97
from .server import Missing, run

PASSWORD = "secret"
SOURCE = Path(__file__).with_name("aurora_version.c")
MASTER = """SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES,
    CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW,
    CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"""
ROLE = "rds_superuser_role"
CONFIGURATION = (
    ("binlog retention hours", None, "hours before binary logs are deleted; NULL: as soon as possible"),
    ("source delay", 0, "seconds that this instance stays behind its source"),
    ("target delay", 0, "seconds that a future replica stays behind this instance"),
)
OBJECTS = """
CREATE TABLE mysql.rds_configuration (
    name VARCHAR(100) NOT NULL PRIMARY KEY, value VARCHAR(100), description VARCHAR(300) NOT NULL) ENGINE=InnoDB
----
CREATE TABLE mysql.rds_heartbeat2 (id INT NOT NULL PRIMARY KEY, value BIGINT) ENGINE=InnoDB
----
CREATE DEFINER=rdsadmin@localhost PROCEDURE mysql.rds_show_configuration()
    SELECT name, value, description FROM mysql.rds_configuration
----
CREATE DEFINER=rdsadmin@localhost PROCEDURE mysql.rds_set_configuration(IN wanted VARCHAR(30), IN setting INT)
BEGIN
    DECLARE was BOOLEAN DEFAULT @@sql_log_bin;
    IF NOT EXISTS (SELECT 1 FROM mysql.rds_configuration WHERE name = wanted) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'There is no such configuration parameter';
    END IF;
    IF wanted = 'binlog retention hours' AND setting NOT BETWEEN 1 AND {most} THEN
        SIGNAL SQLSTATE '45000'
        SET MESSAGE_TEXT = 'For binlog retention hours the value must be between 1 and {most} inclusive or be NULL';
    END IF;
    SET sql_log_bin = 0;
    UPDATE mysql.rds_configuration SET value = setting WHERE name = wanted;
    SET sql_log_bin = was;
END
----
CREATE DEFINER=rdsadmin@localhost PROCEDURE mysql.rds_kill(IN thread BIGINT)
    KILL thread
----
CREATE DEFINER=rdsadmin@localhost PROCEDURE mysql.rds_kill_query(IN thread BIGINT)
    KILL QUERY thread
"""


class Managed:
    """Before a kind of MySQL: that server with Amazon's face, users `admin` (the master user) and `tg_reader`."""

    aurora_version = None
    basedir = ""      # what it says of itself
    retention = 168   # the longest, in hours

    def install(self):
        if self.aurora_version and not shutil.which("gcc"):
            raise Missing(f"{self.name}: no gcc on this machine; tests/install installs it")
        super().install()

    def source_options(self):
        return [*super().source_options(), f"--basedir={self.basedir}", f"--plugin-dir={self.dir}/plugin"]

    def launch(self):
        self.make_plugins()
        super().launch()

    def make_plugins(self):
        """A folder with the server's own plugins and ours."""
        folder = self.dir / "plugin"
        folder.mkdir(exist_ok=True)
        for plugin in self.plugins():
            if not (folder / plugin.name).exists():
                (folder / plugin.name).symlink_to(plugin)
        if self.aurora_version and not (folder / "aurora_version.so").exists():
            run(["gcc", "-shared", "-fPIC", "-O2", "-nostdlib", "-ffreestanding", "-fno-stack-protector",
                 f'-DVERSION="{self.aurora_version}"', "-o", str(folder / "aurora_version.so"), str(SOURCE)], "gcc")

    def plugins(self):
        return ()

    def answers(self):
        """Only when all is there; whoever starts it makes it."""
        if not super().answers():
            return False
        if not self.query("SELECT 1 FROM mysql.user WHERE user = 'tg_reader'"):
            if not self.process:
                return False
            self.furnish()
        return True

    def furnish(self):
        """Nothing of it is in the binlog."""
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute("SET sql_log_bin = 0")
            cursor.execute(f"CREATE USER rdsadmin@localhost IDENTIFIED BY '{self.secret()}'")
            cursor.execute("GRANT ALL ON *.* TO rdsadmin@localhost WITH GRANT OPTION")
            for statement in OBJECTS.format(most=self.retention).split("----\n"):
                cursor.execute(statement)
            for row in CONFIGURATION:
                cursor.execute("INSERT INTO mysql.rds_configuration VALUES (%s, %s, %s)", row)
            if self.aurora_version:
                cursor.execute("CREATE FUNCTION aurora_version RETURNS STRING SONAME 'aurora_version.so'")
            for statement in self.accounts():
                cursor.execute(statement)
            cursor.execute(f"CREATE USER tg_reader@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute("GRANT SELECT, LOCK TABLES, SHOW VIEW, REPLICATION SLAVE, REPLICATION CLIENT ON *.* "
                           "TO tg_reader@'%'")
        connection.close()

    def secret(self):
        """Nobody signs in as rdsadmin."""
        return f"{self.server_id:x}-of-nobody"

    def accounts(self):
        """Before there were roles: all for the master user himself."""
        yield f"CREATE USER admin@'%' IDENTIFIED BY '{PASSWORD}'"
        yield f"GRANT {MASTER} ON *.* TO admin@'%' WITH GRANT OPTION"


class WithRoles(Managed, MySQL97):
    """As of 8.0: the master user has a role, which is active; other roles are granted and asleep."""

    template = "mysql97"
    dynamic = ("APPLICATION_PASSWORD_ADMIN", "ROLE_ADMIN", "SET_ANY_DEFINER", "SHOW_ROUTINE", "XA_RECOVER_ADMIN")
    roles = ()

    def plugins(self):
        return (self.root / "usr/lib/mysql/plugin").iterdir()

    def accounts(self):
        yield f"CREATE ROLE {ROLE}"
        yield f"GRANT {MASTER}, CREATE ROLE, DROP ROLE ON *.* TO {ROLE} WITH GRANT OPTION"
        yield f"GRANT {', '.join(self.dynamic)} ON *.* TO {ROLE} WITH GRANT OPTION"
        yield f"CREATE USER admin@'%' IDENTIFIED BY '{PASSWORD}'"
        for role in self.roles:
            yield f"CREATE ROLE {role}"
        yield f"GRANT {', '.join((ROLE, *self.roles))} TO admin@'%' WITH ADMIN OPTION"
        yield f"SET DEFAULT ROLE {ROLE} TO admin@'%'"


class Aurora(WithRoles):
    """Aurora MySQL 3, as far as it goes."""

    name = "aurora"
    aurora_version = "3.08.2"
    basedir = "/rdsdbbin/oscar-8.0.mysql_aurora.3.08.2.0.1.0/"
    retention = 2160
    dynamic = (*WithRoles.dynamic, "CONNECTION_ADMIN")
    roles = ("AWS_LOAD_S3_ACCESS", "AWS_SELECT_S3_ACCESS", "AWS_LAMBDA_ACCESS", "AWS_SAGEMAKER_ACCESS",
             "AWS_COMPREHEND_ACCESS")


class RDS(WithRoles):
    """RDS for MySQL 8.0 and later."""

    name = "rds"
    basedir = "/rdsdbbin/mysql-8.0.42.R1/"
    dynamic = (*WithRoles.dynamic, "FLUSH_OPTIMIZER_COSTS", "FLUSH_STATUS", "FLUSH_USER_RESOURCES",
               "SENSITIVE_VARIABLES_OBSERVER", "SESSION_VARIABLES_ADMIN")


class Aurora2(Managed, MySQL56):
    """Aurora MySQL 2, on a 5.6: no roles, no dynamic privileges."""

    name = "aurora2"
    template = "mysql56"
    aurora_version = "2.11.5"
    basedir = "/rdsdbbin/oscar-5.7.mysql_aurora.2.11.5.0.1.0/"
    retention = 2160
