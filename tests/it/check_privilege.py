# SPDX-License-Identifier: Apache-2.0
"""What the source's user may do: by its grants, and by trying."""

from harness import case, check, equal  # noqa: I001  (sets the path)
from check_matrix import Bench, SCHEMA
from check_source import KINDS, informational

ADMIN = {"as_user": "admin", "password": "right-W0rd"}


def mover(bench, *grants):
    """The job's user, anew."""
    bench.sql("CREATE USER mover@'%'", *(f"GRANT {one} TO mover@'%'" for one in grants))


def there_and_back(bench, name, state, *parts):
    bench.bad(name, state, *parts, "GRANT OPTION")
    bench.cure(name, **ADMIN)
    bench.good(name)
    bench.undo(name, **ADMIN)
    bench.bad(name, state, *parts)


def part_privileges(bench, kind):
    mover(bench, f"SELECT ON {SCHEMA}.a", f"INSERT ON {SCHEMA}.b")
    there_and_back(bench, "dump_privilege", "fail", f"{SCHEMA}.b", "TG-2103", "a table that the user may not see")
    there_and_back(bench, "replication_privilege", "fail", "REPLICATION SLAVE", "TG-2103")
    there_and_back(bench, "source.privileges", "warn", "PROCESS", "SHOW VIEW", "TRIGGER", "EVENT",
                   "SHOW_ROUTINE" if kind == "mysql97-file" else "mysql.proc")
    informational(bench, "grants.unknown", "none")
    if kind != "mariadb":
        there_and_back(bench, "source.lock_path", "warn", f"{SCHEMA}.b", "a quiet moment", "LOCK TABLES")


def part_one_block(bench, _kind):
    """What the report prints, run by an administrator, is all that was missing."""
    mover(bench, f"INSERT ON {SCHEMA}.a", f"INSERT ON {SCHEMA}.b")
    names = ("dump_privilege", "replication_privilege", "source.privileges", "source.lock_path")
    bench.run()
    block = bench.last["source_grants"]
    equal(block.count("ON *.*"), 1, f"lines that grant on everything in\n{block}\n")
    bench.sql(*(line.rstrip(";") for line in block.splitlines()), user="admin", password="right-W0rd")
    results = bench.run()
    for name in names:
        equal((name, results[name]["state"]), (name, "success"), str(results[name]))
    check(not bench.last.get("source_grants"), f"after the block, another one: {bench.last.get('source_grants')}")


def part_snapshots(bench, kind):
    mover(bench, "SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.*")
    bench.job(source={"user": "mover"}, mode="full", road={"kind": "snapshot", "until": "copied"})
    there_and_back(bench, "source.lock_path", "warn", f"{SCHEMA}.a", "stands still" if kind == "mariadb" else "one reader does it all")
    bench.sql("GRANT RELOAD ON *.* TO mover@'%'")
    equal(bench.good("source.lock_path")["found"], "FLUSH … READ LOCK", "with RELOAD alone")


@case("privileges", for_each=KINDS)
def privileges(scene, kind):
    bench = Bench(scene, scene.source(kind), scene.target("any"))
    bench.sql(f"CREATE DATABASE {SCHEMA}", f"CREATE TABLE {SCHEMA}.a (id INT PRIMARY KEY) ENGINE=InnoDB", f"CREATE TABLE {SCHEMA}.b (id INT) ENGINE=InnoDB",
              "CREATE USER admin@'%' IDENTIFIED BY 'right-W0rd'", "GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION")
    for part in (part_privileges, part_one_block, part_snapshots):
        bench.job(source={"user": "mover"})
        part(bench, kind)
        bench.sql("DROP USER mover@'%'")
