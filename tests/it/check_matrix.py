# SPDX-License-Identifier: Apache-2.0
"""What the matrix of checks is made of: for every check one state that fails (or warns) and one that passes, on the
servers it fits. check_*.py hold the cases, test_checks.py runs them and sees that no check is without both."""

import json

from harness import EXIT, check, equal, merged, tidegate, yaml

SCHEMA = "tg_it"
COVERED = {}  # check id -> set of "bad", "good"


class Bench:
    """One pair of servers, shared by many rows: starting servers is what costs."""

    def __init__(self, scene, source, target, /, **job):
        self.scene, self.source, self.target = scene, source, target
        self.engine = scene.engine(source, target, name="check", **job)
        self.before = {}  # check id -> the job's text before a cure that is a setting

    def job(self, **changes):
        """The job's file with these changes and no others."""
        self.engine.file.write_text(yaml(merged(self.engine.job, changes)))

    def variable(self, name):
        """A global variable of the source, as it is now."""
        return self.source.query(f"SELECT @@global.{name}")[0][0]

    def tool(self, name, *options, code=0, env=None):
        """`tidegate cure` for one check; answers what it printed."""
        done = tidegate("cure", self.engine.file, "--check", name, "--run-dir", self.engine.home, *options, timeout=120, env=env)
        equal(done.returncode, code, f"exit code of cure --check {name} {' '.join(map(str, options))}\n{done.stdout[:3000]}\n")
        return done.stdout

    def cure(self, name, number=1, as_user=None, password="", consent=None, options=(), code=0):
        """Has the tool apply a cure that the check offers. A setting goes into the job's file, until undo()."""
        words = ["--cure", number, *options]
        if as_user:
            words += ["--as", as_user, "--password-from", "${env:TG_CURE_PASSWORD}"]
        if consent:
            words += ["--consent", consent]
        file = self.engine.file.with_name(f"{self.engine.name}-{name}-cured.yaml")
        file.unlink(missing_ok=True)
        text = self.tool(name, *words, "-o", file, code=code, env={"TG_CURE_PASSWORD": password})
        if file.exists():
            self.before[name] = self.engine.file.read_text()
            self.engine.file.write_text(file.read_text())
        return text

    def undo(self, name, as_user=None, password="", options=()):
        """Takes back what the last cure() of this check did, by the tool where statements were run."""
        if name in self.before:
            self.engine.file.write_text(self.before.pop(name))
            return ""
        words = ["--as", as_user, "--password-from", "${env:TG_CURE_PASSWORD}"] if as_user else []
        return self.tool(name, "--undo", *words, *options, env={"TG_CURE_PASSWORD": password})

    def sql(self, *statements, at="source", user="root", password=""):
        connection = (self.source if at == "source" else self.target).connect(user=user, password=password)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def run(self, *only, options=(), code=None):
        """All results by id; `only` limits the run to some checks."""
        words = [word for one in only for word in ("--only", one)]
        done = tidegate("check", self.engine.file, "--json", *words, *options, timeout=120)
        try:
            found = json.loads(done.stdout[done.stdout.index("{"):])
        except ValueError:
            raise AssertionError(f"tidegate check --json: exit {done.returncode}\n{done.stdout[:3000]}") from None
        expected = EXIT["check"] if found["summary"]["failed"] else EXIT["fine"]
        equal(done.returncode, expected if code is None else code, f"exit code of check with {found['summary']}")
        self.last = found
        return {one["id"]: one for one in found["results"]}

    def one(self, name, options=()):
        results = self.run(name, options=options)
        check(name in results, f"{name} did not run")
        return results[name]

    def bad(self, name, state, *parts, options=()):
        """The check ends as state ("fail" or "warn"), and each part stands in what it says."""
        result = self.one(name, options)
        equal(result["state"], state, f"{name}: {json.dumps(result, ensure_ascii=False)[:1500]}")
        text = json.dumps(result, ensure_ascii=False)
        for part in parts:
            check(part in text, f"{name} does not say {part!r}: {text[:1500]}")
        COVERED.setdefault(name, set()).add("bad")
        return result

    def good(self, name, options=()):
        result = self.one(name, options)
        equal((result["state"], result["applies"]), ("success", True), f"{name}: {json.dumps(result, ensure_ascii=False)[:1500]}")
        COVERED.setdefault(name, set()).add("good")
        return result


__all__ = ["Bench", "COVERED", "SCHEMA"]
