# SPDX-License-Identifier: Apache-2.0
"""What the wizard shows before tables are chosen (src/check/look.h), compared with the servers."""

import os
import subprocess

from harness import TIDEGATE, Skip, case, check, equal  # noqa: I001  (sets the path)

FIELDS = "schema name kind read primary key engine nfks fks ngenerated generated ntriggers triggers rows bytes place to collation".split()


def look(job_file):
    program = TIDEGATE.parent / "tests/unit/check_test_look"
    if not program.exists():
        raise Skip(f"{program} is not built")
    done = subprocess.run([str(program)], env={**os.environ, "TG_LOOK_JOB": str(job_file)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    equal(done.returncode, 0, f"its exit code; it said\n{done.stdout}")
    lines = [line.split("\t")[1:] for line in done.stdout.splitlines() if line.startswith("look\t")]
    known = next(line.split("\t")[1:] for line in done.stdout.splitlines() if line.startswith("known\t"))
    return {(line[0], line[1]): dict(zip(FIELDS, line)) for line in lines}, known


@case(for_each=[("mysql97", "mysql97-file"), ("mariadb", "mariadb"), ("mysql56", "mysql56")])
def look_at_everything(scene, kind):
    """Tables, views and their facts; the job's rules don't matter, its renames do; what stands at the target."""
    source, target = scene.source(kind), scene.target()
    for sql in ["CREATE DATABASE look_a", "CREATE DATABASE `look.b`", "CREATE DATABASE look_bare",
                "CREATE TABLE look_a.parent (id INT PRIMARY KEY) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
                "CREATE TABLE look_a.child (a INT, b INT, p INT, PRIMARY KEY (a, b), FOREIGN KEY (p) REFERENCES look_a.parent (id)) DEFAULT CHARSET=latin1",
                "CREATE TABLE look_a.keyless (a INT, b TEXT)", "CREATE TABLE look_a.nullable (a INT, UNIQUE (a))", "CREATE TABLE look_a.uniq (x INT NOT NULL, UNIQUE (x))",
                "CREATE VIEW look_a.seen AS SELECT id FROM look_a.parent", "CREATE TRIGGER look_a.child_bi BEFORE INSERT ON look_a.child FOR EACH ROW SET NEW.p = 1",
                "CREATE TABLE `look.b`.`odd * name?` (id INT PRIMARY KEY)", "CREATE TABLE `look.b`.old (id INT) ENGINE=MyISAM"]:
        source.query(sql)
    if kind != "mysql56":
        source.query("CREATE TABLE look_a.made (id INT PRIMARY KEY, twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL)")
    source.query("INSERT INTO look_a.parent VALUES (1), (2), (3)")
    source.query("ANALYZE TABLE look_a.parent")
    target.query("CREATE DATABASE moved")
    target.query("CREATE TABLE moved.parent (id INT PRIMARY KEY)")
    target.query("INSERT INTO moved.parent VALUES (7)")
    target.query("CREATE TABLE moved.child (a INT)")
    target.query("CREATE VIEW moved.uniq AS SELECT 1 AS x")
    engine = scene.engine(source, target, allow={"include": ["nothing.*"], "exclude": ["look_a.*"]}, routes=[{"from": "look_a", "to": "moved"}])
    seen, known = look(engine.file)
    equal(known, ["1", "1", "1", "-"], "what is known")
    rows = source.query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN "
                        "('mysql','sys','information_schema','performance_schema')")
    bare = {key for key, facts in seen.items() if facts["kind"] == "schema"}
    check(("look_bare", "") in bare, "a schema without tables is not offered")
    equal(bare & {(row[0], "") for row in rows}, set(), "schemas with tables that are told to have none")
    equal(sorted(set(seen) - bare), sorted((row[0], row[1]) for row in rows), "the tables")
    table = {name: facts for (_, name), facts in seen.items()}
    check(not any(facts["schema"] in ("mysql", "sys") for facts in seen.values()), "a system schema is offered")
    equal([table["parent"][f] for f in ("key", "primary", "rows", "place", "to", "collation", "engine")],
          ["id", "primary", "3", "rows", "moved.parent", "utf8mb4_bin", "InnoDB"], "parent")
    equal([table["child"][f] for f in ("key", "nfks", "fks", "ntriggers", "triggers", "place")], ["a,b", "1", "parent", "1", "child_bi", "empty"], "child")
    equal([table["keyless"]["key"], table["nullable"]["key"], table["uniq"]["key"], table["uniq"]["primary"]], ["-", "-", "x", "-"], "keys")
    equal([table["uniq"]["place"], table["keyless"]["place"], table["seen"]["kind"]], ["other", "free", "view"], "places")
    equal([table["odd * name?"]["key"], table["odd * name?"]["to"], table["old"]["engine"]], ["id", "-", "MyISAM"], "the other schema")
    if kind != "mysql56":
        equal([table["made"]["ngenerated"], table["made"]["generated"]], ["1", "twice"], "generated columns")


@case()
def look_as_little_as_may_be_seen(scene):
    """A user without rights sees nothing, and that is no error; a target that does not answer is told, and the rest is there."""
    source, target = scene.source("mariadb"), scene.target()
    source.query("CREATE DATABASE look_a")
    source.query("CREATE TABLE look_a.t (id INT PRIMARY KEY)")
    source.query("CREATE USER nobody@'%' IDENTIFIED BY 'x'")
    engine = scene.engine(source, target, source={"user": "nobody", "password": "${env:LOOK_PASSWORD}"})
    os.environ["LOOK_PASSWORD"] = "x"
    seen, _ = look(engine.file)
    equal(seen, {}, "what nobody sees")
    engine = scene.engine(source, target, "gone", target={"port": 1})
    seen, known = look(engine.file)
    equal([seen["look_a", "t"]["key"], seen["look_a", "t"]["place"]], ["id", "unknown"], "the table")
    check(known[3] != "-", "the target's silence is not told")
