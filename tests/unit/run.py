#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Unit tests and fuzz harnesses of one build folder, as lines that tests/run counts.

unit/run.py BUILD [--servers] [--fuzz SECONDS] [--only REGEX]

With --servers the tests that can speak to real servers get one of each kind (TG_TEST_SOURCE, TG_TEST_TARGET, and as
KIND:PORT those that look like Amazon's, TG_TEST_MANAGED);
those that take only one source are repeated for each of the others.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from servers import Missing, start  # noqa: E402

RESULT = re.compile(r"^\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\s*(\**\w+(?: \w+)*)", re.M)
SOURCES = (("mariadb", False), ("mysql97", True), ("mysql56", False))
SECONDS_A_TEST = 120


def ctest(build, title, only, environment, jobs=2):
    """Runs ctest and prints a line for each test."""
    done = subprocess.run(["ctest", "--test-dir", str(build), f"-j{jobs}", "--output-on-failure", "--timeout", str(SECONDS_A_TEST),
                           *(["-R", only] if only else [])], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, **environment})
    results = RESULT.findall(done.stdout)
    failed = 0
    for name, verdict in results:
        fine = verdict.strip() == "Passed"
        failed += not fine
        print(f"{'ok' if fine else 'not ok'} {title}/{name}", flush=True)
    if failed or (done.returncode and not results):
        print("".join(f"#   {line}\n" for line in done.stdout.splitlines()[-80:]), flush=True)
    if not results:
        print(f"not ok {title}/ctest found nothing to run", flush=True)
        return 1
    return failed


def fuzz(build, seconds, seed):
    """Every harness for some seconds, from its own inputs."""
    failed = 0
    for source in sorted((TESTS / "fuzz").glob("fuzz_*.c")):
        program, name = build / "tests/fuzz" / source.stem, source.stem.removeprefix("fuzz_")
        if not program.exists():
            print(f"not ok fuzz/{name}\n#   {program} is not built", flush=True)
            failed += 1
            continue
        rooms = set(re.findall(r'^#include "([a-z]+)/', source.read_text(), re.M))
        folders = [TESTS / "fuzz/corpus" / name, *(TESTS / "unit" / room / "data" for room in sorted(rooms))]
        last = build / f"last-input-{name}"
        done = subprocess.run([str(program), str(seconds), str(seed), *(str(one) for one in folders if one.is_dir())],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              env={**os.environ, "TG_FUZZ_LAST": str(last)})
        print(f"{'not ok' if done.returncode else 'ok'} fuzz/{name} ({seconds} s, seed {seed})", flush=True)
        if done.returncode:
            failed += 1
            print(f"#   the input is in {last}: 8 bytes length, then the input\n" +
                  "".join(f"#   {line}\n" for line in done.stdout.splitlines()[-40:]), flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--fuzz", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--title", default="unit")
    asked = parser.parse_args()
    sources, targets = [], []
    for name, gtid in SOURCES if asked.servers else ():
        try:
            sources.append(start(name, gtid=gtid))
        except Missing as reason:
            print(f"skip {asked.title}/{name} {reason}", flush=True)
    for name in ("tidb", "mysql97", "mariadb") if asked.servers else ():
        try:
            targets.append(start(name))
        except Missing as reason:
            print(f"skip {asked.title}/{name} {reason}", flush=True)
    managed = []
    for name in ("aurora", "aurora2", "rds") if asked.servers else ():
        try:
            managed.append(start(name))
        except Missing as reason:
            print(f"skip {asked.title}/{name} {reason}", flush=True)
    address = lambda servers: ",".join(f"127.0.0.1:{server.port}" for server in servers)  # noqa: E731
    environment = {"TG_TEST_SOURCE": address(sources), "TG_TEST_TARGET": address(targets),
                   "TG_TEST_MANAGED": ",".join(f"{server.name}:{server.port}" for server in managed)} if asked.servers else {}
    environment = {key: value for key, value in environment.items() if value}
    failed = ctest(asked.build, asked.title, asked.only, environment)
    for source in sources[1:]:
        failed += ctest(asked.build, f"{asked.title}/{source.name}", "^(binlog_test_live|schema_test_(source|catalogue|collide)|check_test_cure)$", {**environment, "TG_TEST_SOURCE": address([source])})
    if asked.fuzz:
        failed += fuzz(asked.build, asked.fuzz, asked.seed)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
