#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The matrix of checks on real servers (check_matrix.py), and that nothing is missing from it."""

from harness import OPTIONS, Skip, case, check, main, tidegate  # noqa: I001  (sets the path)
from check_matrix import COVERED
import check_connect  # noqa: F401  (its cases)
import check_cure  # noqa: F401
import check_look  # noqa: F401
import check_tables  # noqa: F401
import check_host  # noqa: F401
import check_target  # noqa: F401
import check_rehearse  # noqa: F401
import check_privilege  # noqa: F401
import check_source  # noqa: F401


@case()
def every_check_is_covered(scene):
    if OPTIONS.only:
        raise Skip("only some cases were run")
    ids = [line.split()[0] for line in tidegate("check", "--list").stdout.splitlines()]
    check(len(ids) > 8, f"tidegate check --list names {len(ids)} checks")
    missing = [f"{one} ({', '.join({'bad', 'good'} - COVERED.get(one, set()))})" for one in ids if COVERED.get(one, set()) != {"bad", "good"}]
    check(not missing, f"checks without both states: {'; '.join(missing)}")


main()
