// SPDX-License-Identifier: Apache-2.0
/* Every msgid that the catalogue has, formatted as its maker would, is told by its own translation and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "base/retell.h"
#include "base/text.h"

#define TOLD 5  /* the set whose words are texts of ours */
#define SURE 6u /* letters from which on a format is known by its own words */

/* What arguments may be: names, SQL, the words of a server, other scripts, nothing, texts of ours. */
static const char *const words[][4] = {
    {"shop.orders", "a", "x1", "orders-2"},
    {"it's \"quoted\" `so`", "100%", "%s%d%%", "a\\b"},
    {"Duplicate entry 'a-b' for key 'orders.PRIMARY'", "ALTER TABLE t ADD c INT", "binlog.000042:8812", "3f2a-1:1-77"},
    {"订单.表", "naïve café", "…", "мир 世界"},
    {"", "", "", ""},
    {"no descriptor left", "the pattern is empty", "while reading the ledger", "lane 3 has another epoch"},
};
static const char *const words_told[] = {"没有可用的描述符了", "模式为空", "读取账本时", "通道 3 的纪元已变"};

/* The text of a format, and of a translation with the same arguments. */
static void put_together(const char *fmt, unsigned set, bool is_said, struct buf *out)
{
    unsigned next = 0;
    for (const char *p = fmt; *p;) {
        if (*p != '%') {
            buf_addc(out, *p++);
            continue;
        }
        if (p[1] == '%') {
            buf_addc(out, '%');
            p += 2;
            continue;
        }
        char *end;
        unsigned long place = strtoul(++p, &end, 10);
        unsigned i = next;
        if (place && *end == '$')
            p = end + 1, i = (unsigned)place - 1;
        else
            next++;
        p += strspn(p, "-+ #0123456789.*hlzjtL");
        char kind = *p++;
        if (strchr("diuxXp", kind))
            buf_addf(out, "%u", 7 * (i + 1) + 1000 * set);
        else if (strchr("fFeEgG", kind))
            buf_addf(out, "%u.%u", i + 3, set);
        else if (kind == 'c')
            buf_addc(out, 'x');
        else
            buf_adds(out, is_said && set == TOLD ? words_told[i % 4] : words[set][i % 4]);
    }
}

static bool has_argument(const char *fmt)
{
    for (const char *p = fmt; (p = strchr(p, '%')) != NULL; p += 2)
        if (p[1] != '%')
            return true;
    return false;
}

/* Enough words of its own that a text of it is known by them. */
static unsigned letters(const char *fmt)
{
    unsigned n = 0;
    for (const char *p = fmt; *p; p++)
        if (*p == '%') {
            p += 1 + strspn(p + 1, "-+ #0123456789.*hlzjtL$");
            if (!*p)
                break;
        } else {
            n += isalpha((unsigned char)*p) != 0;
        }
    return n;
}

/* Two arguments with nothing between them but spaces: nobody can say where the first one ends. */
static bool adjoin(const char *fmt)
{
    for (const char *p = fmt; (p = strchr(p, '%')) != NULL;) {
        p += 1 + strspn(p + 1, "-+ #0123456789.*hlzjtL$");
        if (*p == 's' && p[1 + strspn(p + 1, " ")] == '%')
            return true;
    }
    return false;
}

static unsigned test_one(const char *msgid, const char *said, unsigned set)
{
    struct buf english = {0}, chinese = {0};
    put_together(msgid, set, false, &english);
    put_together(said, set, true, &chinese);
    bool is_known = letters(msgid) >= SURE;
    const char *told = retell(english.p);
    bool is_wrong = strcmp(told, chinese.p) != 0 && (is_known || (set < 4 && strcmp(told, english.p) != 0));
    if (is_wrong)
        printf("set %u\n  msgid %s\n  text  %s\n  told  %s\n  not   %s\n", set, msgid, english.p, told, chinese.p);
    buf_release(&english);
    buf_release(&chinese);
    return is_wrong;
}

static void test_every_msgid(void **unused)
{
    (void)unused;
    const char *one, *many, *said;
    unsigned wrong = 0, n = 0;
    text_speak(TEXT_ZH_CN);
    for (uint32_t i = 0; text_entry(i, &one, &many, &said); i++)
        for (unsigned set = 0; set < (has_argument(one) ? TG_ARRAY_LEN(words) : 1); set++, n++) {
            if (strcmp(one, said) == 0 || (set == TOLD && adjoin(one)))
                continue;
            wrong += test_one(one, said, set);
            if (many)
                wrong += test_one(many, said, set);
        }
    text_speak(TEXT_EN);
    printf("%u texts\n", n);
    assert_int_equal(wrong, 0);
}

static const char *const lines[][2] = {
    {"while creating shop.orders at the target: column note takes no NULL, and the source's may hold it",
     "在目标上建立 shop.orders 时：列 note 不接受 NULL，而源库的可能有 NULL"},
    {"The binlog stream broke: Lost connection to server during query (nothing for 30000 ms, or cut); opened again, nothing lost",
     "binlog 流断了：Lost connection to server during query（30000 毫秒没有数据，或被切断）；已重新打开，什么都没有丢"},
    {"shop.orders: copied first, in one snapshot", "shop.orders：先用一个快照复制"},
    {"3 more like this in 10 s: try 2: Lock wait timeout exceeded; try restarting transaction",
     "10 秒内还有 3 条同样的：第 2 次尝试：Lock wait timeout exceeded; try restarting transaction"},
    {"created with changes: shop.t: column a: its DEFAULT is left out, the target does not take it; shop.t: option COMPRESSION is left out",
     "建表时有改动：shop.t: 列 a：略去 DEFAULT，目标不接受；shop.t: 略去选项 COMPRESSION"},
    {"TG-4001 while reading: Connection refused", "TG-4001 读取时：Connection refused"},
    {"differs: key above (1) up to (9): 5 rows at the source, 4 at the target", "不同：键大于 (1)，到 (9) 为止：源库 5 行，目标 4 行"},
    {"12 tables: a.b, a.c and 10 more", "12 张表：a.b, a.c，另有 10 张"},
    {"Copied and written to the target; the binlog was not compared. Scratch schemas a1 and b1, dropped again. Of 30 types the first 12 were tried.",
     "已复制并写入目标；没有比较 binlog。 临时库 a1 和 b1 已删除。 共 30 种类型，试了前 12 种。"},
    {"binlog is kept 24 h", "binlog 保留 24 小时"},
    /* what is no text of ours, or may be a name */
    {"Table 'shop.orders' doesn't exist", "Table 'shop.orders' doesn't exist"},
    {"ALTER TABLE t ADD COLUMN note TEXT, ADD KEY k (a): b", "ALTER TABLE t ADD COLUMN note TEXT, ADD KEY k (a): b"},
    {"Password for orders", "Password for orders"},
    {"dropped: Password", "dropped: Password"},
    {"while copying Password", "复制 Password 时"},
    {"2026-01-31 12:00:00: ; : ;; ", "2026-01-31 12:00:00: ; : ;; "},
};

static void test_lines(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < TG_ARRAY_LEN(lines); i++) {
        assert_ptr_equal(retell(lines[i][0]), lines[i][0]); /* English costs nothing */
        text_speak(TEXT_ZH_CN);
        assert_string_equal(retell(lines[i][0]), lines[i][1]);
        text_speak(TEXT_EN);
    }
}

/* A field of the snapshot or of the log has cut it: told as far as it goes, the arguments that are lost as dots. */
static void test_cut(void **unused)
{
    (void)unused;
    const char *whole = "Nobody has written to the source since this run began, and nobody will until it ends";
    const char *long_text = "not part of the stream (views are made again when in sync; routines, triggers and events are left to you): CREATE TRIGGER";
    char text[400];
    text_speak(TEXT_ZH_CN);
    for (size_t n = 10; n <= strlen(long_text); n++) {
        snprintf(text, sizeof text, "%.*s", (int)n, long_text);
        const char *told = retell(text);
        assert_true(strcmp(told, text) == 0 || strncmp(told, "不属于流（视图在同步时重建；存储过程、触发器和事件由您处理）：", 20) == 0);
    }
    assert_string_equal(retell(text), "不属于流（视图在同步时重建；存储过程、触发器和事件由您处理）：CREATE TRIGGER");
    text[102] = 0;
    assert_string_equal(retell(text), "不属于流（视图在同步时重建；存储过程、触发器和事件由您处理）：…");
    snprintf(text, sizeof text, "while creating shop.a_table_with_a_name_that_is_quite_long at the target: %.60s", whole);
    assert_string_equal(retell(text), "在目标上建立 shop.a_table_with_a_name_that_is_quite_long 时：这个运行开始以来没有人写过源库，结束之前也没有人会写");
    text_speak(TEXT_EN);
}

/* A screen of the log, which is drawn four times a second. The bound is wide: sanitizers and slow machines. */
static void test_speed(void **unused)
{
    (void)unused;
    enum { SCREENS = 20, ROWS = 60 };
    text_speak(TEXT_ZH_CN);
    retell("the index is made");
    clock_t begin = clock(); /* of this process: others may work on the machine */
    for (unsigned i = 0; i < SCREENS * ROWS; i++)
        retell(lines[i % TG_ARRAY_LEN(lines)][0]);
    int64_t us = (int64_t)(clock() - begin) * 1000000 / CLOCKS_PER_SEC / SCREENS;
    text_speak(TEXT_EN);
    printf("%lld us for a screen of %d lines\n", (long long)us, ROWS);
    assert_true(us < 20000);
}

/* Texts and cuts of texts in any order: nothing breaks. */
static void test_random(void **unused)
{
    (void)unused;
    unsigned seed = 42;
    char text[600];
    text_speak(TEXT_ZH_CN);
    for (unsigned i = 0; i < 20000; i++) {
        size_t n = 0;
        for (unsigned k = 0; k < 4; k++) {
            const char *from = lines[rand_r(&seed) % TG_ARRAY_LEN(lines)][0];
            size_t at = (unsigned)rand_r(&seed) % strlen(from), length = (unsigned)rand_r(&seed) % 90;
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s%s", (int)length, from + at, rand_r(&seed) % 2 ? ": " : "; ");
        }
        assert_non_null(retell(text));
    }
    text_speak(TEXT_EN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_msgid), cmocka_unit_test(test_lines), cmocka_unit_test(test_cut), cmocka_unit_test(test_speed),
                                       cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
