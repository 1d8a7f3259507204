#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The engine's peak memory stays under 256 MiB, however large the table: 5 million rows, 1 million in the short suite."""

from harness import EXIT, OPTIONS, Scene, case, check, equal, main, same, wait_for  # noqa: I001  (sets the path)
from workload import SCHEMA, connect

LIMIT = 256 << 20
SHORT, LONG = 1_000_000, 5_000_000
STEP = 200_000


def large(port, rows):
    """One table of small rows, doubled on the server."""
    connection = connect(port)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SCHEMA}")
        cursor.execute(f"CREATE TABLE {SCHEMA}.large (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL, c CHAR(20) NOT NULL)"
                       " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        cursor.execute(f"INSERT INTO {SCHEMA}.large VALUES (1,1,'row 1')")
        have = 1
        while have < rows:
            step = min(have, STEP, rows - have)
            cursor.execute(f"INSERT INTO {SCHEMA}.large SELECT id + {have}, CRC32(id + {have}) % 1000000, CONCAT('row ',id + {have})"
                           f" FROM {SCHEMA}.large WHERE id <= {step}")
            have += step
    connection.close()


@case()
def test_large_table(scene: Scene):
    rows = LONG if OPTIONS.long else SHORT
    source, target = scene.source("mariadb"), scene.target("any", judged=False)
    large(source.port, rows)
    engine = scene.engine(source, target, mode="full", road={"until": "copied"}).start()
    peak = 0

    def ended():
        nonlocal peak
        if engine.alive():
            try:
                peak = max(peak, engine.peak_memory())
            except OSError:  # it ended between the two questions
                pass
        return not engine.alive()
    wait_for(ended, 900, "end of the run", pause=0.1)
    scene.note(f"peak {peak / (1 << 20):.0f} MiB for {rows} rows")
    equal(engine.ended(), EXIT["fine"], "exit code")
    check(0 < peak < LIMIT, f"VmHWM was {peak} bytes, the limit is {LIMIT}")
    equal(same(scene, source, target), (1, rows), "tables and rows")


if __name__ == "__main__":
    main()
