#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the texts that people read (msgids) in the C sources, and reads catalogues.

    tests/tools/msgids.py                 every msgid, one a line, with its first place
    tests/tools/msgids.py --missing FILE  entries that FILE.po lacks, as they would stand in it
    tests/tools/msgids.py --stale FILE    entries of FILE.po that no source has any more

A msgid is a string within _() or N_(), the two of _n(), the format of a function that translates its format itself or
whose English is retold by a window (FORMATS; src/base/retell.h), a member of a table that is shown through _() (MEMBERS),
and title, cause and cure of the catalogue of errors.
"""

import argparse
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("ui", "wizard", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "src").iterdir() if p.is_dir()))
# where -> function -> the arguments, from 0, that are msgids; an argument may choose between several
FORMATS = {
    "": {"_": [0], "N_": [0], "err_set": [2], "err_set_sql": [3], "err_wrap": [1], "log_event": [4], "problem_add": [4]},
    "src/check/": {"set_found": [1], "set_wanted": [1], "set_detail": [1], "not_applicable": [1], "find": [2, 3], "add_cure": [2], "cure_setting": [4],
                   "cure_list": [4], "cure_variable": [5, 6], "cure_target_variable": [4, 5], "cure_kill": [4]},
    "src/conf/": {"rd_problem": [4], "rd_note": [5], "refuse": [2], "can_not": [1]},
    "src/conf/dm_emit.c": {"tell": [2]},
    "src/binlog/": {"not_understood": [2]},
    "src/schema/": {"rw_note": [1], "broken": [1], "cur_fail": [1]},
    "src/engine/": {"report_add": [4]},
    "src/mon/server.c": {"refuse": [2]},
}
MEMBERS = {"src/check/table.c": ("title", "why"), "src/conf/field.c": ("label", "help")}
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|[A-Za-z_]\w*|\s+|.', re.S)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
PLACEHOLDER = re.compile(r"%(?:(\d+)\$)?([-+ #0]*)(\d+|\*)?(?:\.(\d+|\*))?(hh|h|ll|l|z|j|t|L)?([diouxXeEfFgGaAcspn%])")


def unquote(literal):
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(0)), literal[1:-1], flags=re.S)


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def tokens(text):
    """(token, line) without comments and white space."""
    line = 1
    for found in TOKEN.finditer(text.replace("\\\n", " \n")):
        token = found.group()
        if not (token.isspace() or token.startswith(("//", "/*"))):
            yield token, line
        line += token.count("\n")


def strings_at(stream, at):
    """The strings of one expression that begins at `at`: neighbours are one, nested calls are left out. -> (list, end)"""
    found, current, depth = [], None, 0
    while at < len(stream):
        token, line = stream[at]
        if token in "([{":
            depth += 1
        elif token in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif token == "," and depth == 0:
            break
        if token.startswith('"') and depth == 0:
            if current is None:
                current = ["", line]
                found.append(current)
            current[0] += unquote(token)
        elif not (current and re.fullmatch(r"PRI\w+", token)):
            current = None
        at += 1
    return found, at


def is_text(text):
    """Does it hold a word that is no placeholder?"""
    return re.search(r"[^\W\d_]", PLACEHOLDER.sub("", text)) is not None


def arguments(path, function):
    """Which arguments of it are msgids, called from a file of this path."""
    return next((functions[function] for where, functions in FORMATS.items() if path.startswith(where) and function in functions), [])


def of_source(path, text):
    """(msgid, plural or None, line) in the order in which they stand."""
    stream = list(tokens(text))
    for at, (token, line) in enumerate(stream):
        after = stream[at + 1][0] if at + 1 < len(stream) else ""
        before = stream[at - 1][0] if at else ""
        if after == "(" and before != "define" and (token == "_n" or arguments(path, token)):
            args, here = [], at + 2
            while here < len(stream) and stream[here - 1][0] != ")":
                found, end = strings_at(stream, here)
                args.append(found)
                if end < len(stream) and stream[end][0] == ")":
                    break
                here = end + 1
            if token == "_n":
                if len(args) > 1 and args[0] and args[1]:
                    yield args[0][0][0], args[1][0][0], line
                continue
            for index in arguments(path, token):
                for one in args[index] if index < len(args) else []:
                    if is_text(one[0]) and not (token == "cur_fail" and one[0].isupper()): # words of SQL
                        yield one[0], None, one[1]
        elif token in MEMBERS.get(path, ()) and before == "." and after == "=":
            for one in strings_at(stream, at + 2)[0]:
                yield one[0], None, one[1]
        elif path == "src/base/err_table.h" and token == "X" and after == "(":
            here = at + 2
            for index in range(7):
                found, here = strings_at(stream, here)
                here += 1
                for one in found if index >= 4 else []:
                    if one[0]:
                        yield one[0], None, one[1]


def sources(root=ROOT):
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.[ch]")):
            name = str(path.relative_to(root))
            if name != "src/base/text.h":
                yield name, path.read_text()


def collect(files):
    """{msgid: (plural or None, "file:line")}"""
    found = {}
    for path, text in files:
        for msgid, plural, line in of_source(path, text):
            if msgid and (msgid not in found or plural and not found[msgid][0]):
                found[msgid] = (plural, f"{path}:{line}")
    return found


def form_labels(files):
    """{msgid: place} of what stands left of a form's fields."""
    labels = {}
    for path, text in files:
        for found in re.finditer(r'\.look\s*=\s*FORM_\w+[^{}]*?\.label\s*=\s*N_\(\s*("(?:\\.|[^"\\])*")\s*\)', text):
            labels[unquote(found.group(1))] = path
    return labels


def read_po(path):
    """{msgid: (plural or None, [translations])}; the header is under ""."""
    entries, entry, part = {}, None, None
    for number, line in enumerate([*Path(path).read_text().splitlines(), ""], 1):
        line = line.strip()
        if line.startswith("#"):
            continue
        found = re.fullmatch(r'(msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*("(?:\\.|[^"\\])*")', line)
        if line and not found:
            raise ValueError(f"{path}:{number}: not understood: {line}")
        if not line or found.group(1) == "msgid":
            if entry and entry.get("msgstr") is not None:
                if entry["msgid"] in entries:
                    raise ValueError(f"{path}:{number}: {entry['msgid']!r} stands there twice")
                entries[entry["msgid"]] = (entry.get("msgid_plural"), entry["msgstr"])
            entry = {} if line else None
        if not line:
            continue
        keyword, value = found.group(1), unquote(found.group(2))
        if keyword and keyword.startswith("msgstr"):
            entry.setdefault("msgstr", []).append(value)
            part = "msgstr"
        elif keyword:
            entry[keyword] = value
            part = keyword
        elif part == "msgstr":
            entry["msgstr"][-1] += value
        else:
            entry[part] += value
    return entries


def placeholders(text):
    """The types that a format takes, in the order of the arguments; a list that says why not where that is mixed."""
    plain, numbered = [], {}
    for number, _, width, precision, size, kind in PLACEHOLDER.findall(text):
        if kind == "%":
            continue
        plain += ["*"] * ((width == "*") + (precision == "*"))
        if number:
            numbered[int(number)] = size + kind
        else:
            plain.append(size + kind)
    if numbered and plain:
        return ["numbered and not"]
    return [numbered.get(i, "missing") for i in range(1, max(numbered) + 1)] if numbered else plain


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", metavar="FILE")
    parser.add_argument("--stale", metavar="FILE")
    options = parser.parse_args()
    found = collect(sources())
    if options.stale:
        for msgid in read_po(options.stale):
            if msgid and msgid not in found:
                print(quote(msgid))
        return
    have = read_po(options.missing) if options.missing else None
    for msgid, (plural, place) in found.items():
        if have is None:
            print(f"{quote(msgid)}  {place}")
        elif msgid not in have or not all(have[msgid][1]):
            print(f"#: {place}\nmsgid {quote(msgid)}\n" + (f"msgid_plural {quote(plural)}\nmsgstr[0] \"\"\n" if plural else 'msgstr ""\n'))


if __name__ == "__main__":
    main()
