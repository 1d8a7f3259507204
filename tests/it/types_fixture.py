# SPDX-License-Identifier: Apache-2.0
"""Every column type with its edges, as tables that the tests make, fill, and read back without the engine.

A family is a list of columns; row i of its table holds value i of each column (columns with fewer values begin
again), and one more row holds NULL everywhere. Values are SQL expressions for a lenient session in UTC.
"""

from collections import namedtuple

MYSQL, MARIADB, NOT56 = ("mysql56", "mysql97"), ("mariadb",), ("mysql97", "mariadb")
EVERY = ("mysql56", "mysql97", "mariadb")
LENIENT = "SET SESSION sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00', autocommit=1, sql_safe_updates=0, completion_type=0"

Column = namedtuple("Column", "type values kinds form", defaults=(EVERY, None))
C = Column


def text(value):
    return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"


def whole(name, bits):
    half, full = 1 << bits - 1, 1 << bits
    return [C(name, [str(-half), str(half - 1), "0", "-1", "1"]), C(f"{name} unsigned", [str(full - 1), "0", str(half), "1"])]


NUMBERS = [*whole("tinyint", 8), *whole("smallint", 16), *whole("mediumint", 24), *whole("int", 32), *whole("bigint", 64),
           C("int(7) unsigned zerofill", ["0", "42", "4294967295"]), C("tinyint(1)", ["1", "0", "-128"]),
           *[C(f"bit({n})", [f"b'{'1' * n}'", "0", f"1<<{n - 1}", "1"]) for n in (1, 7, 8, 9, 31, 33, 63, 64)],
           C("year", ["0", "1901", "2155", "2024", "1970"])]


def decimal(digits, scale):
    top = "9" * (digits - scale) + ("." + "9" * scale if scale else "")
    low = "0." + "0" * (scale - 1) + "1" if scale else "1"
    return C(f"decimal({digits},{scale})", [f"'{top}'", f"'-{top}'", "'0'", "'-0'", f"'{low}'", f"'-{low}'"])


DECIMALS = [decimal(*one) for one in ((1, 0), (1, 1), (9, 0), (10, 2), (18, 9), (19, 9), (20, 10), (30, 30), (38, 5), (65, 0), (65, 30))] + [
    C("decimal(12,4) unsigned zerofill", ["0", "99999999.9999", "1.5"])]

FLOATS = [C("float", ["0", "-0e0", "0.1", "16777216", "16777217", "3.40282e38", "-3.40282e38", "1.17549435e-38", "1e-44", "3.14159265", "1e15", "1e-5"]),
          C("double", ["0", "-0e0", "0.1", "-0.1", "1e15", "1e16", "1.7976931348623157e308", "2.2250738585072014e-308", "5e-324",
                       "9007199254740993", "0.3333333333333333", "1e-7", "123456789012345678", "4.35"]),
          C("float(7,3)", ["1.5", "-0.001", "9999.999", "1234.567"]), C("double(10,2)", ["1.5", "-0.1", "99999999.99", "100"]),
          C("double unsigned", ["0", "1e300", "0.5"])]

SEVEN = range(7)


def fraction(digits):
    return "." + "9" * digits if digits else ""


TIMES = [C("date", ["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'2023-02-30'", "'2020-00-00'", "'2020-12-00'", "'0000-01-01'"]),
         *[C(f"time({n})", ["'-838:59:59'", "'838:59:59'", "'00:00:00'", f"'-00:00:00{fraction(n)}'", f"'24:00:00{fraction(n)}'", "'-11:22:33.5'"])
           for n in SEVEN],
         *[C(f"datetime({n})", ["'0000-00-00'", "'1000-01-01'", f"'9999-12-31 23:59:59{fraction(n)}'", "'2020-00-00 01:02:03'",
                                f"'2024-02-29 23:59:58{fraction(n)}'", "'2024-03-10 02:30:00'", "'2023-02-30 00:00:00'"]) for n in SEVEN],
         *[C(f"timestamp({n}) NULL", ["'0000-00-00'", "'1970-01-01 00:00:01'", f"'2038-01-19 03:14:07{fraction(n)}'", "'2024-03-10 07:30:00'",
                                      "'2024-03-10 06:59:59'", "'2024-11-03 05:30:00'", "'2024-11-03 06:30:00'", "'1991-04-13 18:00:00'"])
           for n in SEVEN]]

BYTES = [C("binary(1)", ["''", "X'00'", "X'ff'", "' '"]), C("binary(16)", ["X'61620000'", "X'00'", "''", "X'20202020'", "X'5c27'"]),
         C("binary(255)", ["REPEAT('x',255)", "X'0000000001'"]), C("varbinary(300)", ["''", "X'00ff00'", "REPEAT(X'5c',300)", "X'610000'", "'a  '"]),
         C("tinyblob", ["''", "REPEAT(X'00',255)"]), C("blob", ["X'00ff271a0a0d5c22'", "REPEAT(X'ff',65535)"]),
         C("mediumblob", ["REPEAT(X'00',70000)", "X'c328'"]), C("longblob", ["REPEAT(X'f09f9880',50000)", "''"])]

TRICKY = ["", "it's \"quoted\" `so`", "back\\slash \\n \\0 \\", "nul\0in\x1athe\rmiddle\nend", "😀 漢字 é 🏳️‍🌈", "trailing   ", "  leading", "\\N", "NULL",
          "tab\tand, comma; -- no /* nor */ #", "Ü ß ſ K"]
TEXTS = [C("char(40) CHARACTER SET utf8mb4", [text(value) for value in TRICKY]), C("char(255) CHARACTER SET utf8mb4", [f"REPEAT({text('😀')},255)", "'x'"]),
         C("varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", [text(value) for value in TRICKY]),
         C("varchar(300) CHARACTER SET utf8", [text("漢" * 300), text("é ")]), C("tinytext CHARACTER SET utf8mb4", [text(value) for value in TRICKY]),
         C("text CHARACTER SET utf8mb4", [f"REPEAT({text('ä')},30000)", *[text(value) for value in TRICKY]]),
         C("mediumtext CHARACTER SET latin1", [f"REPEAT({text('é€')},40000)", "'x'"]), C("longtext CHARACTER SET utf8mb4", [f"REPEAT({text('😀')},40000)", "''"])]

# a letter of each charset that is not ASCII
LETTERS = {"armscii8": "Ա", "ascii": "z", "big5": "漢", "cp1250": "Ł", "cp1251": "Ж", "cp1256": "ع", "cp1257": "ė", "cp850": "é", "cp852": "Ł",
           "cp866": "Ж", "cp932": "①", "dec8": "é", "eucjpms": "①", "euckr": "한", "gb18030": "漢", "gb2312": "汉", "gbk": "誠", "geostd8": "ა",
           "greek": "ω", "hebrew": "א", "hp8": "é", "keybcs2": "č", "koi8r": "Ж", "koi8u": "Ї", "latin1": "€", "latin2": "Ł", "latin5": "ğ",
           "latin7": "ė", "macce": "č", "macroman": "é", "sjis": "漢", "swe7": "Å", "tis620": "ก", "ucs2": "漢", "ujis": "漢", "utf16": "漢",
           "utf16le": "漢", "utf32": "漢", "utf8": "漢", "utf8mb4": "漢"}
SAMPLE = "Aé€ß дЖ ğŁ 漢字 表ソ 誠 あアｱ① 한글 ไทย ωא ½«» 😀𠀀"


def kinds_of(charset, form):
    """MySQL 5.6 loses the members of ucs2 and utf16 where a table has several such columns."""
    if charset == "gb18030":
        return ("mysql97",)
    return NOT56 if charset in ("ucs2", "utf16", "utf32") and form.startswith(("enum", "set")) else EVERY


def charsets(form, values):
    """One column for each charset; what a charset lacks is a real '?' in the column."""
    return [C(form.format(charset=charset, letter=letter), [value.replace("{letter}", text(letter)).replace("{charset}", charset) for value in values],
              kinds_of(charset, form)) for charset, letter in LETTERS.items()]


WORDS = ["{letter}", "''", "'it''s \"x\" \\\\ ?'", f"LEFT(CONVERT({text(SAMPLE)} USING {{charset}}),30)", "CONCAT({letter},'  ')", "REPEAT({letter},8)"]
CHARSETS = [*charsets("char(30) CHARACTER SET {charset}", WORDS), *charsets("varchar(40) CHARACTER SET {charset}", WORDS),
            *charsets("tinytext CHARACTER SET {charset}", WORDS),
            *charsets("enum('a','{letter}','','it''s') CHARACTER SET {charset}", ["{letter}", "''", "'it''s'", "0", "'a'"]),
            *charsets("set('a','{letter}','b') CHARACTER SET {charset}", ["{letter}", "''", "7", "'a,b'"])]

MANY = [f"m{n}" for n in range(64)]
LISTS = [C("enum('a','b,c','','it''s','back\\\\slash','ö')", ["'a'", "'b,c'", "''", "'it''s'", text("ö"), "0", "5"]),
         C("enum(" + ",".join(f"'e{n}'" for n in range(300)) + ")", ["1", "255", "256", "300", "0"]),
         C("set(" + ",".join(f"'{one}'" for one in MANY) + ")", ["''", "'m0'", "'m63'", "18446744073709551615", "'m5,m40'", "1<<62"]),
         C("set('','x','y y')", ["''", "'x'", "7", "'x,y y'", "1"]), C("set('one')", ["'one'", "''"])]

JSONS = ['{"b":1,"a":[1,2.5,true,false,null],"":{}}', "[]", "{}", "1", "-1", "32768", "-32769", "65536", "2147483648", "-2147483649", "9223372036854775807",
         "-9223372036854775808", "9223372036854775808", "18446744073709551615", "1.0", "1e20", "1e15", "0.1", "1e-7", "1.5e300",
         "12345678901234567890123", '"a\\"b\\\\c\\n\\t\\u0001\\u007f\\/ä😀"', "null", "true", "false", '""', '{"k":1,"k":2}', '{"long key ä":{"😀":[[]]}}',
         '"' + "x" * 70000 + '"']
DOCUMENTS = [C("json", [text(one) for one in JSONS] + [f"CONCAT('[', REPEAT({text('[1,' + chr(34) + 'xyz' + chr(34) + ',{' + chr(34) + 'k' + chr(34) + ':-70000}],')}, 45000), '1]')"],
               NOT56)]
DEEP = [C("json", [text("[" * 100 + "]" * 100), text('{"a":[' * 50 + "1" + "]}" * 50)], ("mysql97",))]  # MariaDB's JSON ends at depth 32
OPAQUE = [C("json", ["json_object('d', cast('2024-02-29' as date), 't', cast('-10:11:12.5' as time(6)))",
                     "json_object('dt', cast('2024-02-29 01:02:03' as datetime(3)), 'n', cast(-12.50 as decimal(10,3)))",
                     "json_array(cast(0.5 as float), cast(0.1 as double), 1e0, 18446744073709551615, cast(99999999999999999999.5 as decimal(30,1)))",
                     "json_array(timestamp('2024-01-01 00:00:00.123456'), cast('0000-00-00' as date))"], ("mysql97",))]
BINARY_JSON = [C("json", ["json_array(X'0001ff', b'101', REPEAT(X'ff',200))", "json_array(POINT(1,2))", "json_array(cast(2024 as year))"], ("mysql97",))]

SHAPES = [("point", "POINT(1 -2.5)"), ("linestring", "LINESTRING(0 0,1 1,2 0.1)"), ("polygon", "POLYGON((0 0,10 0,10 10,0 10,0 0),(1 1,2 1,2 2,1 1))"),
          ("multipoint", "MULTIPOINT(1 1,2 2)"), ("multilinestring", "MULTILINESTRING((0 0,1 1),(2 2,3 3))"),
          ("multipolygon", "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))"), ("geometrycollection", "GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))")]
GEOMETRY = [C(kind, [f"ST_GeomFromText('{shape}')", f"ST_GeomFromText('{shape}',4326)" if kind in ("point", "multipoint") else f"ST_GeomFromText('{shape}',0)"],
              EVERY, "bytes") for kind, shape in SHAPES] + [
            C("geometry", [f"ST_GeomFromText('{shape}')" for _, shape in SHAPES], EVERY, "bytes")]

MARIADBS = [C("uuid", ["'01234567-89ab-1def-8123-456789abcdef'", "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-7fff-bfff-ffffffffff00'"], MARIADB, "text"),
            C("inet4", ["'0.0.0.0'", "'192.168.1.0'", "'255.255.255.255'"], MARIADB, "text"),
            C("inet6", ["'::'", "'::ffff:1.2.3.4'", "'2001:db8::ff00:42:8329'", "'1:0:0:2:0:0:0:3'"], MARIADB, "text"),
            C("varchar(300) COMPRESSED CHARACTER SET utf8mb4", ["''", f"REPEAT({text('漢')},300)", "'abc'"], MARIADB),
            C("mediumtext COMPRESSED CHARACTER SET cp1251", ["''", f"REPEAT({text('Ж')},30000)"], MARIADB),
            C("blob COMPRESSED", ["''", "REPEAT(X'00ff',20000)", "X'00'"], MARIADB)]

FAMILIES = {"mariadbs": MARIADBS, "numbers": NUMBERS, "decimals": DECIMALS, "floats": FLOATS, "times": TIMES, "bytes": BYTES, "texts": TEXTS, "lists": LISTS,
            "documents": DOCUMENTS, "opaque": OPAQUE, "deep": DEEP, "geometry": GEOMETRY, "charsets": CHARSETS}


def columns(family, kind):
    """[(name, Column)] of a family at a kind of source."""
    return [(f"c{place:02}", one) for place, one in enumerate(family) if kind in one.kinds]


def create(name, family, kind, key=True):
    body = "".join(f", {column} {one.type}" for column, one in columns(family, kind))
    return f"CREATE TABLE {name} (n INT NOT NULL{' PRIMARY KEY' if key else ''}{body}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"


def rows(family, kind):
    """Lists of SQL expressions, one list a row."""
    chosen = [one.values for _, one in columns(family, kind)]
    return [[values[place % len(values)] for values in chosen] for place in range(max(map(len, chosen)))] + [["NULL"] * len(chosen)]


def inserts(name, family, kind, base):
    return [f"INSERT INTO {name} VALUES ({base + place},{','.join(row)})" for place, row in enumerate(rows(family, kind))]


def empties(name, family, kind, base):
    width = len(columns(family, kind))
    return [f"INSERT INTO {name} VALUES ({base + place}{',NULL' * width})" for place in range(len(rows(family, kind)))]


def updates(name, family, kind, base):
    names = [column for column, _ in columns(family, kind)]
    return [f"UPDATE {name} SET {','.join(f'{column}={value}' for column, value in zip(names, row))} WHERE n={base + place}"
            for place, row in enumerate(rows(family, kind))]


def form(column):
    """How a column is read for a comparison."""
    word = column.type.split("(")[0].split()[0]
    if column.form:
        return column.form
    if word in ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"):
        return "text"
    if word in ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"):
        return "bytes"
    if word == "double" and "(" in column.type:
        return "rounded"
    if word in ("float", "double"):
        return "double"
    if word == "json":
        return word
    if word == "decimal":
        return word
    return "number" if word == "bit" or word.endswith("int") or word == "year" else "plain"


READ = {"text": "HEX(CONVERT({} USING utf8mb4))", "json": "HEX(CONVERT({} USING utf8mb4))", "bytes": "HEX({})", "double": "{}+0e0", "rounded": "CAST({} AS CHAR)", "number": "{}+0", "decimal": "{}",
        "plain": "CAST({} AS CHAR)"}
