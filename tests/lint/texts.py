# SPDX-License-Identifier: Apache-2.0
"""The rule `texts` of rooms.py: every msgid of the sources stands in each catalogue, translated, with the placeholders that
the code hands over, no longer than its place; and nothing stands there that no source has any more."""

import re
import sys
import unicodedata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import msgids  # noqa: E402

LABEL_CELLS = 10  # what wizard/form.c leaves for a label
CATALOGUES = sorted((msgids.ROOT / "assets/locale").glob("*.po"))


def cells(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def check_label(msgid, text):
    for name in (msgid, text):
        if cells(name) > LABEL_CELLS:
            yield f"label {name!r} has {cells(name)} cells, at most {LABEL_CELLS}"


def check_entry(msgid, entry):
    """What is wrong with one translation."""
    plural, texts = entry
    for text in texts:
        if not text:
            yield f"{msgid!r} is not translated"
        elif msgids.placeholders(text) not in (msgids.placeholders(msgid), msgids.placeholders(plural or msgid)):
            yield f"{msgid!r} has {msgids.placeholders(msgid)}, its translation {text!r} {msgids.placeholders(text)}"
        if msgid[:1] in " \n" and text[:1] != msgid[:1] and text[:1] not in "（，；：" or msgid.endswith("\n") != text.endswith("\n"):
            yield f"{msgid!r}: the space or line end around it is lost in {text!r}"
        for found in re.findall(r"[\u4e00-\u9fff][,;:?!](?!\S)", text):
            yield f"{text!r}: half-width punctuation after Chinese: {found}"


def check_texts(files, _, catalogues=None):
    inside = [(path, text) for path, text in files if str(Path(path).parent) in msgids.FOLDERS and path != "src/base/text.h"]
    found, labels = msgids.collect(inside), msgids.form_labels(inside)
    for path in CATALOGUES if catalogues is None else catalogues:
        entries = msgids.read_po(path)
        for msgid, (plural, place) in found.items():
            if msgid not in entries:
                yield f"{place}: {path.name} lacks {msgid!r} (tests/tools/msgids.py --missing {path.name})"
                continue
            if entries[msgid][0] != plural:
                yield f"{place}: {path.name} has {msgid!r} with the plural {entries[msgid][0]!r}, the source {plural!r}"
            for wrong in check_entry(msgid, entries[msgid]):
                yield f"{path.name}: {wrong}"
        for msgid in labels:
            for wrong in check_label(msgid, entries.get(msgid, (None, [""]))[1][0]):
                yield f"{path.name}: {labels[msgid]}: {wrong}"
        for msgid in entries:
            if msgid and msgid not in found:
                yield f"{path.name}: no source has {msgid!r} any more"


def self_test():
    """Faults that it must see, and what it must not complain of. Not of a whole tree: of entries and sources."""
    planted = [("%s of %u", (None, ["%u / %s"])), ("a %s", (None, ["%1$s %s"])), ("x", (None, [""])), ("line\n", (None, ["行"])),
               ("a, b", (None, ["甲, 乙"])), (" to ", (None, ["至"]))]
    harmless = [("%s of %u", (None, ["%2$u 之 %1$s"])), ("%d%%", (None, ["%d%%"])), (" (safe)", (None, ["（安全）"])), ("%u x", ("%u xs", ["%u 个"]))]
    for msgid, entry in planted:
        if not list(check_entry(msgid, entry)):
            yield f"lint/texts does not see the fault in {entry} for {msgid!r}"
    for msgid, entry in harmless:
        for wrong in check_entry(msgid, entry):
            yield f"lint/texts complains of what is right: {wrong}"
    if not list(check_label("Password of it", "密码")) or not list(check_label("File", "二级索引文件")) or list(check_label("File", "文件")):
        yield "lint/texts does not measure labels"
    source = 'f(_("one " /* and */ "line"), c ? _("a\\n") : _("b")); _n("%u t", "%u ts", n); const char *t[] = {N_("tab")}; g("no");'
    if [key for key in msgids.collect([("ui/x.c", source)])] != ["one line", "a\n", "b", "%u t", "tab"]:
        yield f"msgids.py reads other strings: {msgids.collect([('ui/x.c', source)])}"
    if "Where" not in msgids.collect([("src/check/x.c", 'find(out, S, c ? "Where" : NULL, "%s.%s", a, b);')]):
        yield "msgids.py does not see what a check says"
