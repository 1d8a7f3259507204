#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a script can hold: rooms, third-party doors, banned functions, lengths, no registry hosts, texts
with their translations (texts.py), and screens with their pictures (screens.py).

The table of rooms is CMakeLists.txt's own (tg_room lines); a room may include itself and the rooms its line
names. Lengths may be exceeded where tests/lint/exceptions.txt gives the place and a reason. As a program it
prints `ok lint/RULE` or `not ok lint/RULE` with what it found; --self first tries each rule on planted faults.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import screens as screens_rule
import texts as texts_rule

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES, FILE_LINES = 60, 800
EXCEPTIONS = ROOT / "tests/lint/exceptions.txt"
# header -> rooms (or files) that may include it; everything else has to go through them
DOORS = {
    r"(mysql|mariadb)(/.*)?\.h": ["db", "binlog"], r"(mariadb/)?mariadb_rpl\.h": ["db", "binlog"], r"errmsg\.h|mysqld_error\.h": ["db", "binlog"],
    r"n?curses(w/.*)?\.h|ncurses.*|term\.h": ["ui/term_curses.c"], r"yaml\.h": ["conf"], r"openssl/.*": ["conf"],
    r"jansson\.h": ["base", "db", "conf", "mon", "schema", "ledger", "verify", "check", "engine", "cli"], r"pcre2\.h": ["base"], r"xxhash\.h": ["base"],
    r"zlib\.h": ["binlog"], r"vterm\.h|cmocka\.h": [],
}
BANNED = ("strcpy strcat sprintf vsprintf strtok atoi atol atoll atof system popen rand srand random drand48 gets tmpnam "
          "mktemp localtime gmtime ctime asctime alloca signal strncpy strncat usleep").split()
REGISTRIES = re.compile(r"(registry\.npmjs|registry\.yarnpkg|npmmirror|pypi\.org|pythonhosted|deb\.debian\.org|ftp\.debian|"
                        r"proxy\.golang|goproxy|mirrors?\.[a-z]+\.(com|cn|edu|org)|dl-cdn|crates\.io|artifactory)", re.I)
CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)


def room_table(text):
    """{room: (folder, rooms it may include)} of CMakeLists.txt."""
    table = {}
    for name, folder, rest in re.findall(r"^\s*tg_room\(\s*(\w+)\s+([\w/]+)\s*([^)]*)\)", text, re.M):
        words = re.split(r"\s+", rest.strip())
        rooms = words[words.index("ROOMS") + 1:] if "ROOMS" in words else []
        table[name] = (folder, [room for room in rooms[:rooms.index("LIBS")]] if "LIBS" in rooms else rooms)
    return table


def blank(text):
    """The same text with comments and literals blanked, lines kept."""
    return CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def room_of(path, table):
    for room, (folder, _) in table.items():
        if str(Path(path).parent) == folder:
            return room
    return "cli" if str(path).startswith("src/cli/") else None


def check_rooms(files, table):
    folders = {folder.removeprefix("src/"): room for room, (folder, _) in table.items()}
    for path, text in files:
        room = room_of(path, table)
        if room is None:
            yield f"{path}: belongs to no room of CMakeLists.txt"
            continue
        allowed = {room, *(table[room][1] if room in table else [*table, "cli"])}
        for found in INCLUDE.finditer(text):
            kind, name = found.groups()
            place = f"{path}:{line_of(text, found.start())}"
            if kind == '"':
                other = folders.get(str(Path(name).parent)) or ("cli" if name.startswith("cli/") else None)
                if other is None:
                    yield f'{place}: "{name}" is not "room/file.h"'
                elif other not in allowed:
                    yield f"{place}: {room} may not include {other}"
            else:
                yield from door(place, path, room, name)


def door(place, path, room, name):
    for pattern, rooms in DOORS.items():
        if re.fullmatch(pattern, name) and room not in rooms and str(path) not in rooms:
            yield f"{place}: <{name}> has its door elsewhere ({', '.join(rooms) or 'tests only'})"
            return


def check_banned(files, _):
    pattern = re.compile(rf"(?<![\w.>])({'|'.join(BANNED)})\s*\(")
    for path, text in files:
        plain = blank(text)
        for found in pattern.finditer(plain):
            yield f"{path}:{line_of(plain, found.start())}: {found.group(1)} is banned"


def functions(text):
    """(name, first line, lines) of each function body: a `{` alone in column 0."""
    lines = blank(text).split("\n")
    for number, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        head = " ".join(lines[max(0, number - 6):number]).rpartition(";")[2].rpartition("}")[2]
        names = re.findall(r"(\w+)\s*\(", head)
        end = next((later for later in range(number + 1, len(lines)) if lines[later].startswith("}")), len(lines) - 1)
        yield (names[0] if names else "?"), number + 1, end - number - 1


def check_lengths(files, _):
    for path, text in files:
        lines = text.count("\n")
        if lines > FILE_LINES and not excepted(str(path)):
            yield f"{path}: {lines} lines, at most {FILE_LINES}"
        for name, first, count in functions(text):
            if count > FUNCTION_LINES and not excepted(f"{path}:{name}"):
                yield f"{path}:{first}: {name} has {count} lines, at most {FUNCTION_LINES}"


def check_heads(files, _):
    for path, text in files:
        first = text.split("\n", 2)[:2]
        if not any("SPDX-License-Identifier" in line for line in first) and Path(path).name != "err_table.h":
            yield f"{path}: no SPDX line at the top"


def check_registries(files, _):
    for path, text in files:
        for found in REGISTRIES.finditer(text):
            yield f"{path}:{line_of(text, found.start())}: names the registry host {found.group()}"


def read_exceptions():
    """{place: reason}; a place without a reason is no exception."""
    found = {}
    for line in EXCEPTIONS.read_text().splitlines() if EXCEPTIONS.exists() else []:
        place, _, reason = line.partition(" ")
        if place and not place.startswith("#") and reason.strip():
            found[place] = reason.strip()
    return found


EXCEPTED = read_exceptions()


def excepted(place):
    return place in EXCEPTED


def check_exceptions(files, _):
    """An exception that no longer is one has to go."""
    known = {str(path): text for path, text in files}
    for place in EXCEPTED:
        path, _, name = place.partition(":")
        if path not in known:
            yield f"tests/lint/exceptions.txt: there is no {path}"
        elif name and name not in [one for one, _, _ in functions(known[path])]:
            yield f"tests/lint/exceptions.txt: {path} has no function {name}"


RULES = {"rooms": check_rooms, "banned": check_banned, "lengths": check_lengths, "heads": check_heads, "exceptions": check_exceptions,
         "texts": texts_rule.check_texts, "screens": screens_rule.check_screens}

PLANTED = [
    ("rooms", "src/base/x.c", '#include "db/conn.h"\n'), ("rooms", "src/copy/x.c", '#include "apply/apply.h"\n'),
    ("rooms", "src/engine/x.c", "#include <mysql.h>\n"), ("rooms", "ui/x.c", "#include <ncurses.h>\n"),
    ("rooms", "ui/x.c", "#include <jansson.h>\n"), ("rooms", "src/db/x.c", '#include "conn.h"\n'), ("rooms", "src/none/x.c", "\n"),
    ("rooms", "wizard/x.c", '#include "engine/engine.h"\n'),
    ("banned", "src/base/x.c", "void f(char *a)\n{\n    strcpy(a, b);\n}\n"), ("banned", "src/base/x.c", "int x = rand ();\n"),
    ("lengths", "src/base/x.c", "void f(void)\n{\n" + "    g();\n" * 61 + "}\n"), ("lengths", "src/base/x.c", "int a;\n" * 801),
    ("heads", "src/base/x.c", "int a;\n"),
    ("registries", "tests/x", "https://registry" + ".npmjs.org/x\n"),
]
HARMLESS = [
    ("rooms", "src/copy/x.c", '#include "db/conn.h"\n#include <stdio.h>\n'), ("rooms", "ui/term_curses.c", "#include <ncurses.h>\n"),
    ("rooms", "src/db/x.c", "#include <mysql.h>\n"), ("rooms", "src/cli/x.c", '#include "engine/engine.h"\n'),
    ("banned", "src/base/x.c", "// strcpy(a, b)\nint x = str_rand(1), y = a.rand(2);\nconst char *s = \"rand()\";\n"),
    ("lengths", "src/base/x.c", "void f(void)\n{\n" + "    g();\n" * 60 + "}\n"),
]


def self_test(table):
    rules = {**RULES, "registries": check_registries}
    yield from texts_rule.self_test()
    yield from screens_rule.self_test()
    for rule, path, text in PLANTED:
        if not list(rules[rule]([(path, text)], table)):
            yield f"lint/{rule} does not see the planted fault in {path}: {text[:60]!r}"
    for rule, path, text in HARMLESS:
        found = list(rules[rule]([(path, text)], table))
        if found:
            yield f"lint/{rule} complains of what is right: {found}"


def tracked():
    """Every file that is or would be in the repository."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE, text=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def texts(names):
    for name in names:
        try:
            yield name, (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue


def report(rule, findings):
    findings = list(findings)
    for finding in findings:
        print(f"#   {finding}")
    print(f"{'not ok' if findings else 'ok'} lint/{rule}", flush=True)
    return bool(findings)


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    table = room_table((ROOT / "CMakeLists.txt").read_text())
    names = tracked()
    sources = list(texts(name for name in names if re.match(r"(src|ui|wizard)/.*\.[ch]$", name)))
    failed = report("self", self_test(table))
    for rule, function in RULES.items():
        failed |= report(rule, function(sources, table))
    others = texts(name for name in names if name != "tests/lint/rooms.py")
    failed |= report("registries", check_registries(list(others), table))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
