#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the engine at random moments of a run under a writer, each time started again by the same command.

Some moments fall into the start, the copy and the following alike: each is drawn anew, and the copy is large
enough to last through several. The seed is printed and can be given again with --seed. At the end both ends
are equal, tables without a key included, where a batch applied twice or not at all can't hide.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "it"))

from harness import OPTIONS, Scene, case, check, equal, flavour, main, position, same, wait_for  # noqa: E402
from workload import SCHEMA, Writer, change_shape, fill  # noqa: E402

KILLS_SHORT, KILLS_LONG = 7, 20
ROWS_SHORT, ROWS_LONG = 120_000, 1_000_000
KINDS = ("mariadb", "mysql97-gtid", "mysql97-file", "mysql56")


def moments(count):
    """Seconds after each start: many short ones, some long."""
    generator = random.Random(OPTIONS.seed)
    return [round(generator.choice((0.05, 0.3, 0.8)) + generator.expovariate(0.8), 3) for _ in range(count)]


@case(for_each=[(kind, kind) for kind in KINDS])
def test_kill(scene: Scene, kind):
    source, target = scene.source(kind), scene.target("any", judged=not OPTIONS.long)
    fill(source.port, ROWS_LONG if OPTIONS.long else ROWS_SHORT, flavour(kind, target.name))
    writer = scene.add(Writer(source.port, seed=OPTIONS.seed))
    engine = scene.engine(source, target)
    plan = moments(KILLS_LONG if OPTIONS.long else KILLS_SHORT)
    scene.note(f"seed {OPTIONS.seed}, killed after {plan} s")
    states = []
    for number, seconds in enumerate(plan):
        engine.start()
        if number == len(plan) // 2:
            change_shape(source.port, 1)
        try:
            wait_for(lambda: not engine.alive(), seconds, pause=0.01)
            check(False, f"the engine ended by itself, exit code {engine.ended()}, before kill {number + 1}")
        except TimeoutError:
            pass
        states.append((engine.status() or {}).get("state", "starting"))
        engine.kill()
    scene.note(f"killed while {states}")
    engine.start()
    engine.until_state("in-sync", seconds=600)
    wrote = writer.stop()
    check(not wrote["problem"], f"the writer: {wrote['problem']}")
    engine.until_applied(position(source))
    tables, rows = same(scene, source, target)
    check(tables == 21 and rows > 0, f"{tables} tables, {rows} rows")
    equal(target.query(f"SELECT COUNT(*) FROM {SCHEMA}.heap"), source.query(f"SELECT COUNT(*) FROM {SCHEMA}.heap"), "rows without a key")
    engine.stop()


if __name__ == "__main__":
    main()
