#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whole schemas: what moves beside rows (views, foreign keys, counters, partitions), what the report says of the rest,
and what becomes of tables that are at the target before the run.

The schemas are written here in the likeness of sakila, employees and world."""

import json
import re
import time

import pymysql
from harness import EXIT, Scene, answers, case, check, equal, main, position, same, wait_for  # noqa: I001  (sets the path)
from workload import connect

KINDS = {"mariadb": "mariadb", "mysql97": "mysql97-gtid", "mysql56": "mysql56"}


def every(short):
    """A case for each kind of source; all but one of them with --long only."""
    def register(function):
        for kind, name in KINDS.items():
            case(for_each=[(kind, name)], long_only=kind != short)(function)
        return function
    return register


SAKILA = [
    "CREATE DATABASE sakila CHARACTER SET utf8mb4", "USE sakila",
    "CREATE TABLE sakila.country (country_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT, country VARCHAR(50) NOT NULL,"
    " last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, PRIMARY KEY (country_id))"
    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE sakila.city (city_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT, city VARCHAR(50) NOT NULL, country_id"
    " SMALLINT UNSIGNED NOT NULL, PRIMARY KEY (city_id), KEY idx_fk_country_id (country_id), CONSTRAINT fk_city_country"
    " FOREIGN KEY (country_id) REFERENCES country (country_id) ON DELETE RESTRICT ON UPDATE CASCADE) ENGINE=InnoDB"
    " DEFAULT CHARSET=utf8mb4",
    "CREATE TABLE sakila.film (film_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT, title VARCHAR(128) NOT NULL, description"
    " TEXT, release_year YEAR DEFAULT NULL, original_id SMALLINT UNSIGNED DEFAULT NULL, rental_rate DECIMAL(4,2) NOT NULL"
    " DEFAULT '4.99', rating ENUM('G','PG','PG-13','R','NC-17') DEFAULT 'G', special SET('Trailers','Commentaries',"
    "'Deleted Scenes') DEFAULT NULL, PRIMARY KEY (film_id), KEY idx_title (title), KEY idx_original (original_id),"
    " FULLTEXT KEY idx_text (title, description), CONSTRAINT fk_film_original FOREIGN KEY (original_id) REFERENCES film"
    " (film_id) ON DELETE SET NULL) ENGINE=InnoDB AUTO_INCREMENT=1 DEFAULT CHARSET=utf8mb4 ROW_FORMAT=COMPRESSED",
    "CREATE TABLE sakila.rental (rental_id INT NOT NULL AUTO_INCREMENT, film_id SMALLINT UNSIGNED NOT NULL, at DATETIME NOT"
    " NULL, PRIMARY KEY (rental_id), UNIQUE KEY (at, film_id), KEY k_film (film_id), CONSTRAINT fk_rental_film FOREIGN KEY"
    " (film_id) REFERENCES film (film_id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    # created before the view it stands on by name order: a_ needs z_
    "CREATE VIEW sakila.z_films AS SELECT f.film_id AS id, f.title AS title, f.rating AS rating FROM sakila.film f WHERE"
    " f.release_year > 1999",
    "CREATE SQL SECURITY INVOKER VIEW sakila.a_rented AS SELECT v.title AS title, COUNT(0) AS times FROM sakila.z_films v"
    " JOIN sakila.rental r ON r.film_id = v.id GROUP BY v.title",
    "CREATE DEFINER=`nobody`@`nowhere` SQL SECURITY INVOKER VIEW sakila.m_cities AS SELECT city.city AS city, country.country AS country FROM"
    " sakila.city JOIN sakila.country ON city.country_id = country.country_id",
    "CREATE PROCEDURE sakila.film_count() SELECT COUNT(*) FROM film",
    "CREATE FUNCTION sakila.twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2",
    "CREATE VIEW sakila.by_function AS SELECT film_id, sakila.twice(film_id) AS double_id FROM sakila.film",
    "CREATE TRIGGER sakila.film_title BEFORE INSERT ON sakila.film FOR EACH ROW SET NEW.title = UPPER(NEW.title)",
    "CREATE EVENT sakila.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' DO DELETE FROM rental WHERE at < '2000-01-01'",
]


def run(server, *statements):
    connection = connect(server.port)
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def fill_sakila(source):
    def numbers(start, end):
        return range(start, end)
    run(source, *SAKILA,
        "INSERT INTO sakila.country (country) VALUES " + ",".join(f"('Land {n}')" for n in numbers(0, 20)),
        "INSERT INTO sakila.city (city, country_id) VALUES " + ",".join(f"('Stadt {n}', {n % 20 + 1})" for n in numbers(0, 200)),
        "INSERT INTO sakila.film (title, description, release_year, original_id, rating, special) VALUES " +
        ",".join(f"('film {n}', 'A tale of {n}', {1990 + n % 20}, {'NULL' if n < 10 else n % 10 + 1}, 'PG', 'Trailers')" for n in numbers(0, 400)),
        "INSERT INTO sakila.rental (film_id, at) VALUES " + ",".join(f"({n % 400 + 1}, '2020-01-01' + INTERVAL {n} MINUTE)" for n in numbers(0, 900)),
        "DELETE FROM sakila.rental WHERE rental_id > 850")


def report(engine):
    folder = engine.home / engine.name
    text = (folder / "report.txt").read_text()
    check((folder / "report.md").read_text().startswith("# Run"), "report.md has no title")
    return json.loads((folder / "report.json").read_text())["report"], text


def keep_report(engine):
    """Beside the log, for whoever looks into a failure."""
    file = engine.home / engine.name / "report.txt"
    if file.exists():
        (engine.scene.logs / f"{engine.name}-report.txt").write_text(file.read_text())


def told(lines, name, part):
    found = [line for line in lines if line["name"] == name and part in line["text"]]
    check(found, f"no line {part!r} about {name} in {lines}")
    return found[0]


def full(scene, source, target, include, /, **more):
    return scene.engine(source, target, mode="full", road={"until": "copied"}, allow={"include": include}, **more)


def finish(engine, code="fine", seconds=120):
    equal(engine.start().ended(seconds), EXIT[code], f"exit code of\n{engine.text()[-3000:]}\nwhich")
    keep_report(engine)
    return engine


def rows_of(server, query):
    return sorted(map(str, server.query(query)))


def same_view(source, target, view, there=None):
    equal(rows_of(target, f"SELECT * FROM {there or view}"), rows_of(source, f"SELECT * FROM {view}"), f"rows of {view}")


def foreign_keys(server, schema):
    return {row[0] for row in server.query(
        f"SELECT CONSTRAINT_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '{schema}'")}


@every("mysql97")
def test_sakila(scene: Scene, kind):
    source, target = scene.source(kind), scene.target()
    fill_sakila(source)
    engine = finish(full(scene, source, target, ["sakila.*"]))
    check("PASS" in engine.text(), "no PASS")
    same(scene, source, target, "sakila")
    for view in ("z_films", "a_rented", "m_cities"):
        same_view(source, target, f"sakila.{view}")
    equal(foreign_keys(target, "sakila"), foreign_keys(source, "sakila"), "foreign keys")
    run(target, "INSERT INTO sakila.rental (film_id, at) VALUES (1, '2031-01-01')")
    check(target.query("SELECT MAX(rental_id) FROM sakila.rental")[0][0] > 900, "a number was handed out again")
    try:
        run(target, "INSERT INTO sakila.city (city, country_id) VALUES ('x', 999)")
        raise AssertionError("the foreign key holds nothing")
    except pymysql.err.IntegrityError:
        pass
    lines, text = report(engine)
    told(lines["tables"], "sakila.film", "FULLTEXT index idx_text is left out")
    told(lines["tables"], "sakila.film", "ROW_FORMAT")
    told(lines["foreign_keys"], "sakila.city", "fk_city_country")
    told(lines["views"], "sakila.m_cities", "nobody@nowhere")
    check(told(lines["views"], "sakila.by_function", "")["problem"], "a view over a function was made?")
    named = {line["name"] for line in lines["not_moved"]}
    for name in ("trigger sakila.film_title", "event sakila.nightly", "procedure sakila.film_count", "function sakila.twice"):
        check(name in named and name in text, f"{name} is not reported: {named}")


EMPLOYEES = [
    "CREATE DATABASE employees CHARACTER SET utf8", "USE employees",
    "CREATE TABLE employees.employees (emp_no INT NOT NULL, birth DATE NOT NULL, name VARCHAR(30) NOT NULL, gender"
    " ENUM('M','F') NOT NULL, PRIMARY KEY (emp_no)) ENGINE=InnoDB",
    "CREATE TABLE employees.departments (dept_no CHAR(4) NOT NULL, dept_name VARCHAR(40) NOT NULL, PRIMARY KEY (dept_no),"
    " UNIQUE KEY (dept_name)) ENGINE=InnoDB",
    "CREATE TABLE employees.dept_emp (emp_no INT NOT NULL, dept_no CHAR(4) NOT NULL, from_date DATE NOT NULL, to_date DATE NOT"
    " NULL, KEY (dept_no), PRIMARY KEY (emp_no, dept_no), CONSTRAINT dept_emp_ibfk_1 FOREIGN KEY (emp_no) REFERENCES"
    " employees (emp_no) ON DELETE CASCADE, CONSTRAINT dept_emp_ibfk_2 FOREIGN KEY (dept_no) REFERENCES departments (dept_no)"
    " ON DELETE CASCADE) ENGINE=InnoDB",
    "CREATE TABLE employees.salaries (emp_no INT NOT NULL, salary INT NOT NULL, from_date DATE NOT NULL, PRIMARY KEY (emp_no,"
    " from_date)) ENGINE=InnoDB PARTITION BY RANGE COLUMNS (from_date) (PARTITION p1 VALUES LESS THAN ('1990-01-01'),"
    " PARTITION p2 VALUES LESS THAN (MAXVALUE))",
    "CREATE TABLE employees.titles (emp_no INT NOT NULL, title VARCHAR(50) NOT NULL, y INT NOT NULL, PRIMARY KEY (emp_no, y))"
    " ENGINE=InnoDB PARTITION BY RANGE (y) SUBPARTITION BY HASH (emp_no) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN (1995),"
    " PARTITION b VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE employees.badges (id INT NOT NULL PRIMARY KEY, kind INT NOT NULL) ENGINE=InnoDB PARTITION BY KEY (id) PARTITIONS 3",
    "CREATE TABLE employees.regions (id INT NOT NULL, r INT NOT NULL, PRIMARY KEY (id, r)) ENGINE=InnoDB PARTITION BY LIST (r)"
    " (PARTITION w VALUES IN (1,2), PARTITION e VALUES IN (3,4))",
    "CREATE VIEW employees.dept_emp_latest_date AS SELECT emp_no, MAX(from_date) AS from_date, MAX(to_date) AS to_date FROM"
    " employees.dept_emp GROUP BY emp_no",
    "CREATE VIEW employees.current_dept_emp AS SELECT l.emp_no, d.dept_no, l.from_date, l.to_date FROM employees.dept_emp d"
    " INNER JOIN employees.dept_emp_latest_date l ON d.emp_no = l.emp_no AND d.from_date = l.from_date AND l.to_date = d.to_date",
]


@every("mysql56")
def test_employees(scene: Scene, kind):
    """Partitions, foreign keys on text, a view on a view; everything routed into another schema."""
    source, target = scene.source(kind), scene.target()
    run(source, *EMPLOYEES,
        "INSERT INTO employees.employees VALUES " + ",".join(f"({n},'1960-01-01','Name {n}','M')" for n in range(1, 300)),
        "INSERT INTO employees.departments VALUES " + ",".join(f"('d{n:03}','Dept {n}')" for n in range(9)),
        "INSERT INTO employees.dept_emp VALUES " + ",".join(f"({n},'d{n % 9:03}','1990-01-01','1999-01-01')" for n in range(1, 300)),
        "INSERT INTO employees.salaries VALUES " + ",".join(f"({n},{n * 7},'19{85 + n % 10}-01-01')" for n in range(1, 300)),
        "INSERT INTO employees.titles VALUES " + ",".join(f"({n},'Staff',{1990 + n % 10})" for n in range(1, 300)),
        "INSERT INTO employees.badges VALUES (1,1),(2,2),(3,3)", "INSERT INTO employees.regions VALUES (1,1),(2,2),(3,3),(4,4)")
    engine = finish(full(scene, source, target, ["employees.*"], routes=[{"from": "employees", "to": "staff"},
                                                                         {"from": "employees.dept_emp", "to": "staff.de"}]))
    for name in ("employees", "departments", "salaries", "titles", "badges", "regions"):
        equal(rows_of(target, f"SELECT * FROM staff.{name}"), rows_of(source, f"SELECT * FROM employees.{name}"), name)
    equal(rows_of(target, "SELECT * FROM staff.de"), rows_of(source, "SELECT * FROM employees.dept_emp"), "dept_emp")
    for view in ("dept_emp_latest_date", "current_dept_emp"):
        same_view(source, target, f"employees.{view}", f"staff.{view}")
    equal(foreign_keys(target, "staff"), {"dept_emp_ibfk_1", "dept_emp_ibfk_2"}, "foreign keys")
    parts = {row[0]: row[1] for row in target.query("SELECT TABLE_NAME, COUNT(*) FROM information_schema.PARTITIONS WHERE"
                                                    " TABLE_SCHEMA = 'staff' AND PARTITION_NAME IS NOT NULL GROUP BY TABLE_NAME")}
    equal(parts, {"salaries": 2, "titles": 2, "badges": 3, "regions": 2}, "partitions")
    lines, _ = report(engine)
    told(lines["tables"], "employees.titles", "subpartitions are left out")


@every("mariadb")
def test_world(scene: Scene, kind):
    """latin1 with its own collation, ENUM, checks, generated columns, a sequence; a view that is changed on the way, foreign
    keys that come and go while the run follows."""
    source, target = scene.source(kind), scene.target()
    modern = kind != "mysql56"
    run(source, "CREATE DATABASE world CHARACTER SET latin1", "USE world",
        "CREATE TABLE world.country (Code CHAR(3) NOT NULL DEFAULT '', Name CHAR(52) NOT NULL DEFAULT '', Continent"
        " ENUM('Asia','Europe','North America') NOT NULL DEFAULT 'Asia', GNP FLOAT(10,2) DEFAULT NULL" +
        (", half DOUBLE GENERATED ALWAYS AS (GNP / 2) STORED, CONSTRAINT positive CHECK (GNP > 0)" if modern else "") +
        ", PRIMARY KEY (Code)) ENGINE=InnoDB DEFAULT CHARSET=latin1",
        "CREATE TABLE world.city (ID INT NOT NULL AUTO_INCREMENT, Name CHAR(35) NOT NULL DEFAULT '', CountryCode CHAR(3) NOT NULL"
        " DEFAULT '', PRIMARY KEY (ID), KEY CountryCode (CountryCode), CONSTRAINT city_ibfk_1 FOREIGN KEY (CountryCode) REFERENCES"
        " country (Code)) ENGINE=InnoDB AUTO_INCREMENT=4080 DEFAULT CHARSET=latin1",
        "INSERT INTO world.country (Code, Name, Continent, GNP) VALUES ('AUT','Österreich','Europe',211860.5),('JPN','Japan','Asia',3787042)",
        "INSERT INTO world.city (Name, CountryCode) VALUES ('Wien','AUT'),('Gmünd','AUT'),('Tokyo','JPN')",
        "CREATE VIEW world.cities AS SELECT c.Name AS city, o.Name AS country FROM world.city c JOIN world.country o ON o.Code ="
        " c.CountryCode WHERE o.Name <> 'x'")
    if kind == "mariadb":
        run(source, "CREATE SEQUENCE world.numbers START WITH 77 CACHE 5")
    engine = scene.engine(source, target, allow={"include": ["world.*"]}).start()
    engine.until_state("in-sync")
    wait_for(lambda: foreign_keys(target, "world") == {"city_ibfk_1"}, 30, "the foreign key")
    wait_for(lambda: target.query("SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'world'")[0][0] == 1, 30, "the view")
    same_view(source, target, "world.cities")
    run(source, "CREATE OR REPLACE VIEW world.cities AS SELECT c.Name AS city FROM world.city c",
        "CREATE TABLE world.river (id INT NOT NULL PRIMARY KEY, Code CHAR(3) CHARACTER SET latin1, KEY (Code), CONSTRAINT r1"
        " FOREIGN KEY (Code) REFERENCES world.country (Code)) ENGINE=InnoDB",
        "INSERT INTO world.river VALUES (1, 'AUT')", "CREATE VIEW world.rivers AS SELECT id FROM world.river",
        "ALTER TABLE world.city DROP INDEX CountryCode, DROP FOREIGN KEY city_ibfk_1")
    wait_for(lambda: foreign_keys(target, "world") == {"r1"}, 60, "the new foreign key and the end of the old one")
    wait_for(lambda: target.query("SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'world'")[0][0] == 2, 60, "views")
    wait_for(lambda: len(target.query("SELECT * FROM world.cities LIMIT 1")[0]) == 1, 60, "the view's new form")
    same_view(source, target, "world.cities")
    same_view(source, target, "world.rivers")
    run(source, "DROP VIEW world.rivers")
    wait_for(lambda: target.query("SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'world'")[0][0] == 1, 60, "the view to go")
    engine.until_applied(position(source))
    same(scene, source, target, "world") if kind != "mariadb" else None
    run(target, "INSERT INTO world.city (Name) VALUES ('Linz')")
    check(target.query("SELECT MAX(ID) FROM world.city")[0][0] >= 4083, "a number was handed out again")
    engine.stop()
    lines, _ = report(engine)
    if modern:
        told(lines["tables"], "world.country", "does not enforce it")
    if kind == "mariadb":
        told(lines["not_moved"], "sequence world.numbers", "next value 77")


@case()
def test_killed_on_the_way(scene: Scene):
    """kill -9 between foreign keys and views: the next engine finds what is there and makes the rest, once."""
    source, target = scene.source("mariadb"), scene.target()
    fill_sakila(source)
    engine = scene.engine(source, target, allow={"include": ["sakila.*"]}).start()
    for there in (1, 3):
        wait_for(lambda least=there: len(foreign_keys(target, "sakila")) >= least, 60, f"{there} foreign keys")
        engine.kill()
        engine.start()
    wait_for(lambda: target.query("SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_SCHEMA = 'sakila'")[0][0] == 3, 60, "views")
    equal(foreign_keys(target, "sakila"), foreign_keys(source, "sakila"), "foreign keys")
    for view in ("z_films", "a_rented", "m_cities"):
        same_view(source, target, f"sakila.{view}")
    engine.until_state("in-sync")
    same(scene, source, target, "sakila")
    engine.stop()
    lines, _ = report(engine)
    told(lines["tables"], "sakila.film", "FULLTEXT index idx_text is left out")  # of the first engine
    equal([line for line in lines["views"] if line["problem"] and line["name"] != "sakila.by_function"], [], "refused views")


@case(for_each=[(one, one) for one in ("mysql97", "mariadb")])
def test_target_that_reads_by_default(scene: Scene, kind):
    """A global transaction_read_only is for sessions that say nothing; the run's say what they want."""
    source, target = scene.source("mariadb"), scene.target(kind)
    run(source, "CREATE DATABASE tg_it", "CREATE TABLE tg_it.t (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO tg_it.t VALUES (1), (2)")
    target.query("SET GLOBAL transaction_read_only = 1" if kind == "mysql97" else "SET GLOBAL tx_read_only = 1")
    finish(full(scene, source, target, ["tg_it.*"]))
    equal(target.query("SELECT COUNT(*) FROM tg_it.t")[0][0], 2, "rows at the target")


@case()
def test_unread_objects(scene: Scene):
    """A user who may not see triggers, events and routines: the run goes on, and the report doubts."""
    source, target = scene.source("mysql97-gtid"), scene.target()
    run(source, "CREATE DATABASE tg_it", "CREATE TABLE tg_it.t (id INT NOT NULL PRIMARY KEY)", "INSERT INTO tg_it.t VALUES (1)",
        "CREATE VIEW tg_it.v AS SELECT id FROM tg_it.t",
        "CREATE TRIGGER tg_it.tr BEFORE INSERT ON tg_it.t FOR EACH ROW SET NEW.id = NEW.id + 1",
        "CREATE USER mover IDENTIFIED WITH caching_sha2_password BY ''", "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO mover",
        "GRANT SELECT ON tg_it.* TO mover")
    engine = finish(full(scene, source, target, ["tg_it.*"], source={"user": "mover"}))
    lines, _ = report(engine)
    check(told(lines["views"], "tg_it.v", "SHOW CREATE VIEW")["problem"], "the view was made without its text?")
    for word in ("triggers", "events", "procedures"):
        check(any(word in line["text"] for line in lines["unread"]), f"no doubt about {word}: {lines['unread']}")


# ---- tables that are there ------------------------------------------------------------------------------------

ITEMS = "CREATE TABLE tg_it.items (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL, n INT)"


def with_items(scene, theirs):
    source, target = scene.source("mariadb"), scene.target()
    run(source, "CREATE DATABASE tg_it", ITEMS + " ENGINE=InnoDB", "INSERT INTO tg_it.items VALUES (1,'one',1),(2,'two',2),(3,'three',3)")
    run(target, "CREATE DATABASE tg_it", ITEMS, *theirs)
    return source, target


def items(server):
    return {row[0]: row[1] for row in server.query("SELECT id, name FROM tg_it.items")}


@case()
def test_existing_asks(scene: Scene):
    """Nobody answers: nothing is touched, a person is needed. The answer given then makes the run go on."""
    source, target = with_items(scene, ["INSERT INTO tg_it.items VALUES (9,'theirs',9)"])
    engine = finish(full(scene, source, target, ["tg_it.*"]), "person", 60)
    check("TG-3110" in engine.text() and "tg_it.items" in engine.text(), "no question that names the table")
    equal(items(target), {9: "theirs"}, "rows at the target, untouched")
    equal(engine.start("--answer", "TG-3110@tg_it.items=append").ended(60), EXIT["fine"], "exit code with an answer")
    equal(items(target), {1: "one", 2: "two", 3: "three", 9: "theirs"}, "rows at the target")


@case()
def test_existing_append(scene: Scene):
    """Rows that are there stay, whatever happens to the source's; a key that is there already is a question."""
    source, target = with_items(scene, ["INSERT INTO tg_it.items VALUES (9,'theirs',9),(10,'theirs',9)"])
    engine = scene.engine(source, target, existing="append").start()
    engine.until_state("in-sync")
    run(source, "UPDATE tg_it.items SET name = 'uno' WHERE id = 1", "DELETE FROM tg_it.items WHERE id = 2",
        "INSERT INTO tg_it.items VALUES (4,'four',4)")
    engine.until_applied(position(source))
    equal(items(target), {1: "uno", 3: "three", 4: "four", 9: "theirs", 10: "theirs"}, "rows at the target")
    equal(engine.verify().returncode, EXIT["fine"], "exit code of verify")
    target.query("DELETE FROM tg_it.items WHERE id = 3")
    equal(engine.verify().returncode, EXIT["different"], "exit code of verify without a row")
    target.query("INSERT INTO tg_it.items VALUES (3,'three',3)")
    run(source, "INSERT INTO tg_it.items VALUES (10,'ours',1)")
    question = engine.question()
    equal(question["id"], "TG-3108", "the question about a key that is there")
    equal(items(target)[10], "theirs", "their row, untouched")
    run(target, "DELETE FROM tg_it.items WHERE id = 10")
    answers(engine, question, "retry")
    engine.until_applied(position(source))
    equal(items(target)[10], "ours", "the source's row")
    engine.stop()
    engine.start()
    engine.until_state("in-sync")
    run(source, "INSERT INTO tg_it.items VALUES (5,'five',1)")
    engine.until_applied(position(source))
    equal(items(target), {1: "uno", 3: "three", 4: "four", 5: "five", 9: "theirs", 10: "ours"}, "rows after a restart")
    engine.stop()
    lines, _ = report(engine)
    told(lines["existing"], "tg_it.items", "append")
    run(source, "TRUNCATE TABLE tg_it.items")
    finish(engine, "person")
    check("TG-3115" in engine.text(), "no word about the TRUNCATE")
    check(9 in items(target), "their row is gone")


@case()
def test_existing_replace(scene: Scene):
    source, target = with_items(scene, ["INSERT INTO tg_it.items VALUES (2,'theirs',9),(8,'theirs',8),(9,'theirs',9)"])
    engine = scene.engine(source, target, existing="replace").start()
    engine.until_state("in-sync")
    equal(items(target), {1: "one", 2: "two", 3: "three", 8: "theirs", 9: "theirs"}, "rows at the target")
    run(source, "INSERT INTO tg_it.items VALUES (9,'ours',1)")
    engine.until_applied(position(source))
    equal(items(target)[9], "ours", "a row of the source that came later")
    engine.stop()
    engine.start()
    engine.until_state("in-sync")
    run(source, "INSERT INTO tg_it.items VALUES (8,'ours',1)")
    engine.until_applied(position(source))
    equal(items(target)[8], "ours", "a row of the source after a restart")
    equal(engine.verify().returncode, EXIT["fine"], "exit code of verify")
    engine.stop()


@case()
def test_existing_drop(scene: Scene):
    source, target = with_items(scene, ["ALTER TABLE tg_it.items ADD extra INT", "INSERT INTO tg_it.items VALUES (9,'theirs',9,1)"])
    engine = finish(full(scene, source, target, ["tg_it.*"], answers={"TG-3110@tg_it.items": "drop"}))
    same(scene, source, target)
    check("PASS" in engine.text() and "further rows" not in engine.text(), "the verdict")


SHAPES = [("column", "ALTER TABLE tg_it.items DROP COLUMN n", "column n is missing"),
          ("narrow", "ALTER TABLE tg_it.items MODIFY name VARCHAR(5) NOT NULL", "column name is varchar(5)"),
          ("type", "ALTER TABLE tg_it.items MODIFY n DATE", "column n is date"),
          ("extra", "ALTER TABLE tg_it.items ADD more INT NOT NULL", "column more is not at the source")]


@case()
def test_existing_shape(scene: Scene):
    """An empty table that is there already is used when it can hold the source's, else it is named with the column."""
    source, target = with_items(scene, [])
    for name, change, words in SHAPES:
        run(target, change)
        engine = finish(scene.engine(source, target, name=name), "check", 60)
        check("TG-3114" in engine.text() and words in engine.text(), f"{words!r} is not said:\n{engine.text()[-1500:]}")
        run(target, "DROP TABLE tg_it.items", ITEMS)
    run(target, "ALTER TABLE tg_it.items ADD more INT NOT NULL DEFAULT 5", "ALTER TABLE tg_it.items MODIFY n BIGINT")
    finish(full(scene, source, target, ["tg_it.*"]))
    equal(rows_of(target, "SELECT id, name, n FROM tg_it.items"), rows_of(source, "SELECT id, name, n FROM tg_it.items"), "rows")


# ---- names and collations ---------------------------------------------------------------------------------------

@case()
def test_two_into_one(scene: Scene):
    source, target = scene.source("mariadb"), scene.target()
    run(source, "CREATE DATABASE a", "CREATE DATABASE b", "CREATE TABLE a.t (id INT PRIMARY KEY)", "CREATE TABLE b.t (id INT PRIMARY KEY)")
    engine = finish(scene.engine(source, target, allow={"include": ["a.*", "b.*"]}, routes=[{"from": "a", "to": "c"}, {"from": "b", "to": "c"}]),
                    "check", 60)
    check("TG-3116" in engine.text() and "a.t and b.t" in engine.text(), engine.text()[-800:])
    engine = finish(scene.engine(source, target, name="ways", allow={"include": ["a.*"]}, routes=[{"from": "a", "to": "c"}, {"from": "a*", "to": "d"}]),
                    "check", 60)
    check("TG-3116" in engine.text() and "a.t is matched by several" in engine.text(), engine.text()[-800:])


@case(for_each=[("made", "CREATE TABLE IF NOT EXISTS b.t (id INT PRIMARY KEY)"), ("renamed", "RENAME TABLE b.u TO b.t"),
                ("altered", "ALTER TABLE b.u RENAME TO b.t")])
def test_two_into_one_later(scene: Scene, statement):
    """The second one comes while the stream runs: it stops there, and what empties the one leaves the other alone."""
    source, target = scene.source("mariadb"), scene.target("any")
    run(source, "CREATE DATABASE a", "CREATE DATABASE b", "CREATE TABLE a.t (id INT PRIMARY KEY)", "INSERT INTO a.t VALUES (1), (2)",
        "CREATE TABLE b.u (id INT PRIMARY KEY)")
    engine = scene.engine(source, target, allow={"include": ["a.*", "b.*"]}, routes=[{"from": "a", "to": "c"}, {"from": "b", "to": "c"}]).start()
    engine.until_state("in-sync")
    run(source, statement, "TRUNCATE TABLE b.t", "INSERT INTO b.t VALUES (7)")
    equal(engine.ended(60), EXIT["check"], f"exit code of\n{engine.text()[-1500:]}\nwhich")
    check("TG-3116" in engine.text() and "b.t and a.t" in engine.text(), engine.text()[-800:])
    equal(rows_of(target, "SELECT id FROM c.t"), rows_of(source, "SELECT id FROM a.t"), "rows")


@case()
def test_made_where_one_is(scene: Scene):
    """IF NOT EXISTS of the source says nothing of the target: a table that somebody has made there is asked about, not taken."""
    source, target = scene.source("mariadb"), scene.target("any")
    run(source, "CREATE DATABASE a", "CREATE TABLE a.t (id INT PRIMARY KEY)")
    engine = scene.engine(source, target, allow={"include": ["a.*"]}).start()
    engine.until_state("in-sync")
    run(target, "CREATE TABLE a.late (id INT PRIMARY KEY)", "INSERT INTO a.late VALUES (99)")
    run(source, "CREATE TABLE IF NOT EXISTS a.late (id INT PRIMARY KEY)", "INSERT INTO a.late VALUES (1)")
    question = engine.question()
    check("already exists" in question["text"], f"the question: {question}")
    equal(target.query("SELECT id FROM a.late"), ((99,),), "rows of the other one")
    run(target, "DROP TABLE a.late")
    answers(engine, question, "retry")
    engine.until_applied(position(source))
    same(scene, source, target, schema="a")
    engine.stop()


@case()
def test_collation_merges(scene: Scene):
    """The target lacks the collation, and the one in its place holds two keys for equal: said before anything is copied."""
    source, target = scene.source("mysql97-gtid"), scene.target()
    run(source, "CREATE DATABASE tg_it",
        "CREATE TABLE tg_it.words (id INT NOT NULL PRIMARY KEY, w VARCHAR(20) COLLATE utf8mb4_de_pb_0900_as_cs NOT NULL, x INT, UNIQUE KEY uw (w, x))",
        "CREATE TABLE tg_it.latin (w VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_general_cs NOT NULL PRIMARY KEY)",
        "CREATE TABLE tg_it.ai (w VARCHAR(20) COLLATE utf8mb4_sv_0900_ai_ci NOT NULL PRIMARY KEY)",
        "INSERT INTO tg_it.words VALUES (1,'Maß',1),(2,'Mass',1)", "INSERT INTO tg_it.latin VALUES ('a'),('A')",
        "INSERT INTO tg_it.ai VALUES ('a'),('å'),('ö'),('o')")
    engine = finish(scene.engine(source, target), "check", 60)
    check("TG-3113" in engine.text() and "tg_it.ai, unique key PRIMARY" in engine.text() and "å" in engine.text(), engine.text()[-1500:])
    check("tg_it.words" not in re.sub(r"(?s)^.*TG-3113", "", engine.text()), "byte-exact collations were said to merge")
    equal(target.query("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'tg_it'")[0][0], 0, "schemas made at the target")
    run(source, "DELETE FROM tg_it.ai WHERE w IN ('å', 'ö')")
    finish(full(scene, source, target, ["tg_it.*"]))
    same(scene, source, target)


# ---- many -------------------------------------------------------------------------------------------------------

@case(for_each=[("300", 300)])
def test_many_tables(scene: Scene, count):
    many(scene, count)


@case("many_tables_long", long_only=True)
def test_many_tables_long(scene: Scene):
    many(scene, 5000)


def many(scene, count):
    source, target = scene.source("mysql97-gtid"), scene.target(judged=False)
    run(source, "CREATE DATABASE tg_it", *[f"CREATE TABLE tg_it.t{n:05} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(40) NOT NULL,"
                                            f" b DATETIME, KEY (a))" for n in range(count)])
    engine = scene.engine(source, target)
    began = time.monotonic()
    engine.start()
    engine.until_state("in-sync", seconds=900)
    scene.note(f"{count} empty tables in sync after {time.monotonic() - began:.1f} s, peak {engine.peak_memory() >> 20} MiB")
    equal(target.query("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'tg_it'")[0][0], count, "tables")
    check(engine.peak_memory() <= 256 << 20, f"{engine.peak_memory()} bytes of memory")
    engine.stop()


if __name__ == "__main__":
    main()
