# SPDX-License-Identifier: Apache-2.0
"""The rule `screens` of rooms.py: every page, box, pane, dialog and prompt that the sources name has a file in
tests/golden/all with all its forms, and no file stands there for what no source has any more."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/all"
FORMS = ["80x24 en", "120x36 en", "60x18 en", "80x24 zh", "120x36 zh", "60x18 zh", "80x24 ascii", "80x24 mono: roles"]
# No enumeration names these.
OTHERS = ["board", "board-cutover", "board-waiting", "box-keys", "box-pages", "pane-chunks", "ask-leave-out", "report", "report-help"]
# Where enumerations of screens stand, how their constants begin, what the screens are called.
SOURCES = [
    (r"wizard/wz\.h", "STEP_", "page-"),
    (r"wizard/report_page\.c", "BOX_", "report-box-"),
    (r"wizard/(?!report_page)\w+\.[ch]", "BOX_", "box-"),
    (r"wizard/dashboard_state\.h", "PANE_", "pane-"),
    (r"wizard/dashboard_state\.h", "ASK_", "ask-"),
    (r"wizard/dashboard_state\.h", "PROMPT_", "prompt-"),
    (r"wizard/dashboard_state\.h", "HELP_", "help-"),
]
NO_SCREENS = {"STEP_COUNT", "BOX_SCOPE", "PANE_NONE", "PANE_COUNT", "ASK_NOTHING", "PROMPT_NONE", "HELP_NONE"}


def wanted(files):
    names = set(OTHERS)
    for path, text in files:
        for where, beginning, prefix in SOURCES:
            if not re.fullmatch(where, path):
                continue
            text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
            for enum in re.findall(r"\benum[^{};()]*\{([^}]*)\}", text):
                for name in re.findall(rf"\b{beginning}[A-Z_]+\b", re.sub(r"=[^,}]*", "", enum)):
                    if name not in NO_SCREENS:
                        names.add(prefix + name[len(beginning):].lower().replace("_", "-"))
    return names


def check_screens(files, _, golden=GOLDEN):
    names, there = wanted(files), {f.stem: f.read_text() for f in golden.glob("*.txt")}
    for name in sorted(names - set(there)):
        yield f"tests/golden/all/{name}.txt is missing: that screen has no picture (tests/unit/wizard/test_matrix_*.c)"
    for name in sorted(set(there) - names):
        yield f"tests/golden/all/{name}.txt: no source has such a screen"
    for name in sorted(names & set(there)):
        heads = re.findall(r"^==== (.*)$", there[name], flags=re.M)
        for form in FORMS:
            if form not in heads:
                yield f"tests/golden/all/{name}.txt lacks {form}"


def self_test():
    files = [("wizard/x.c", "enum { BOX_NEVER = BOX_SCOPE, BOX_SEEN };")]
    if not {"box-never", "box-seen"} <= wanted(files) or "box-scope" in wanted(files):
        yield "lint/screens does not see the planted boxes"
