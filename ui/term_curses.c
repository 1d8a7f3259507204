// SPDX-License-Identifier: Apache-2.0
/* The only file that sees ncurses. It gets whole canvases and writes the cells that changed;
 * ncurses finds the cheapest way to do that.
 * Putting the terminal back, and signals: term_guard.c.
 *
 * Reading: everything that has arrived is read at once into a queue. That is how a paste is told
 * from typing on terminals without bracketed paste: more than eight different printable keys in one
 * gulp. */
#include "ui/term.h"

#include <locale.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/sync.h"
#include "ui/term_guard.h"
#include "ui/text.h"

enum { CODE_PASTE_START = 2000, CODE_PASTE_END, CODE_COLOUR, CODE_STRING_END, CODE_COLUMN }; /* + the column */
#define COLUMNS_KNOWN 9    /* answers to where the cursor is: in row 2, from 1 to this */
#define ANSWER_MS 150      /* so long the first frame waits for the terminal */
#define LATE_MS 3000       /* so long an answer that comes in pieces is waited for as one */
#define LATE_ESC_MS 300
enum { IS_PASTE = -1, IS_CLICK = -2, IS_WHEEL_UP = -3, IS_WHEEL_DOWN = -4 }; /* in the queue, among keys */
#define WHEEL_LINES 3
#define QUEUE 256
#define PASTE_MAX 65536
#define BURST 8

struct term {
    SCREEN *screen;
    const struct theme *theme;
    enum glyph_set glyphs;
    struct canvas shown; /* what ncurses was given last */
    bool is_stale;       /* shown says nothing about the screen */
    int colours;
    short pair[ROLE_COUNT];
    struct { int key, y, x; } queue[QUEUE];
    unsigned head, count;
    bool is_pasting, resize_due, is_hung_up;
    struct buf paste;
    unsigned asked, answered; /* questions to the terminal; columns that it told */
    int column[GLYPH_SAMPLES];
    int64_t telling_until_ms;
    char colour[24]; /* of the background: "1c1c/1c1c/1c1c" */
    size_t colour_n;
    int escdelay;    /* once no answer is due any more */
    int64_t patient_until_ms;
};

/* ---- opening ---- */

/* NULL: the terminal has none. */
static char *capability(const char *name)
{
    char *text = tigetstr(name);
    return text == (char *)-1 ? NULL : text;
}

static bool is_guarded(void)
{
    const char *undo[] = {"\033[?2004l", capability("rmkx"), capability("sgr0"), capability("cnorm"), capability("rmcup"), "\r"};
    return guard_begin(undo, TG_ARRAY_LEN(undo));
}

static void send(const char *bytes)
{
    fputs(bytes, stdout);
    fflush(stdout);
}

static void set_modes(void)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    meta(stdscr, TRUE);
    if (!getenv("ESCDELAY"))
        set_escdelay(25);
    define_key("\033[200~", CODE_PASTE_START);
    define_key("\033[201~", CODE_PASTE_END);
}

static void use_theme(struct term *t)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        const struct style *s = &t->theme->style[role];
        t->pair[role] = 0;
        if (t->colours < 8 || (s->front < 0 && s->back < 0))
            continue;
        short front = (short)(t->colours < 16 && s->front >= 8 ? s->front - 8 : s->front);
        short back = (short)(t->colours < 16 && s->back >= 8 ? s->back - 8 : s->back);
        if (init_pair((short)(role + 1), front, back) == OK)
            t->pair[role] = (short)(role + 1);
    }
    const struct style *text = &t->theme->style[ROLE_TEXT];
    attr_t attrs = text->attrs & ATTR_BOLD ? A_BOLD : A_NORMAL;
    cchar_t background;
    setcchar(&background, L" ", attrs, t->pair[ROLE_TEXT], NULL);
    bkgrndset(&background);
    t->is_stale = true;
}

static attr_t attrs_of(const struct term *t, unsigned role)
{
    const struct style *s = &t->theme->style[role];
    attr_t attrs = A_NORMAL;
    attrs |= s->attrs & ATTR_BOLD ? A_BOLD : 0;
    attrs |= s->attrs & ATTR_DIM ? A_DIM : 0;
    attrs |= s->attrs & ATTR_REVERSE ? A_REVERSE : 0;
    attrs |= s->attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0;
    if (t->colours < 16 && s->front >= 8)
        attrs |= A_BOLD;
    if (role == ROLE_PICK && !t->pair[role]) /* no colours: the selection must still be seen */
        attrs |= A_REVERSE;
    return attrs;
}

/* ---- asking the terminal ---- */

static bool gulp(struct term *t);

/* ncurses knows the answers as keys of their own: what is typed meanwhile stays in its place among them, and an answer
 * that comes late is still no key of anybody. Row 2, because ESC [ 1 ; 2 R is Shift-F3. */
static void know_answers(void)
{
    char answer[16];
    for (int column = 1; column <= COLUMNS_KNOWN; column++) {
        snprintf(answer, sizeof answer, "\033[2;%dR", column);
        define_key(answer, CODE_COLUMN + column);
    }
    define_key("\033]11;rgb:", CODE_COLOUR);
    define_key("\033]11;rgba:", CODE_COLOUR);
    define_key("\033\\", CODE_STRING_END);
}

static bool is_asked_for_colour(const struct term_options *o)
{
    const char *name = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool is_old = !name || strcmp(name, "linux") == 0 || strncmp(name, "vt", 2) == 0;
    return o->theme && strcmp(o->theme, "auto") == 0 && !is_old && !(no_color && no_color[0]);
}

/* A sequence that is cut by the network is one all the same, as long as an answer is due; then Esc is quick again. */
static void mind_patience(struct term *t)
{
    if (!t->patient_until_ms || (t->answered < t->asked && clock_mono_ms() < t->patient_until_ms))
        return;
    t->patient_until_ms = 0;
    set_escdelay(t->escdelay);
}

/* Writes a line, a block and a Chinese character in turn and asks after each where the cursor is; before that the colour
 * of the background, so that its answer has come when the last one has. Only where the terminal knows the question (u7). */
static void ask_terminal(struct term *t, bool is_utf8, bool wants_colour)
{
    static const char *const samples[GLYPH_SAMPLES] = {"\342\224\200", "\342\226\210", "\347\247\273"};
    const char *ask = capability("u7");
    int64_t until = clock_mono_ms() + ANSWER_MS, left = ANSWER_MS;
    if ((!is_utf8 && !wants_colour) || !ask || strcmp(ask, "\033[6n") != 0 || LINES < 2)
        return;
    know_answers();
    t->escdelay = get_escdelay();
    set_escdelay(TG_MAX(t->escdelay, LATE_ESC_MS));
    t->patient_until_ms = clock_mono_ms() + LATE_MS;
    if (wants_colour)
        send("\033]11;?\033\\");
    t->asked = is_utf8 ? GLYPH_SAMPLES : 1;
    for (unsigned i = 0; i < t->asked; i++) {
        send("\033[2;1H");
        send(is_utf8 ? samples[i] : "x");
        send("\033[6n");
    }
    while (t->answered < t->asked && t->count < QUEUE && left > 0) {
        struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&fd, 1, (int)left) > 0 && !gulp(t))
            break;
        left = until - clock_mono_ms();
    }
    mind_patience(t);
}

struct term *term_open(const struct term_options *o, struct err *e)
{
    const char *no_color = getenv("NO_COLOR");
    if (!term_usable() || !guard_save()) {
        err_set(e, ERR_USAGE, "%s", _("this is not a terminal that can be drawn on"));
        return NULL;
    }
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        err_set(e, ERR_USAGE, "%s", _("the terminal type in TERM is not known here"));
        return NULL;
    }
    if (!capability("cup") || !is_guarded()) {
        endwin();
        delscreen(screen);
        guard_restore_modes();
        err_set(e, ERR_USAGE, "%s", _("this terminal can't place the cursor"));
        return NULL;
    }
    struct term *t = x_alloc(sizeof *t);
    t->screen = screen;
    t->glyphs = o->glyphs == GLYPHS_AUTO ? glyph_set_default() : o->glyphs;
    t->theme = theme_find(o->theme);
    set_modes();
    if (has_colors() && !(no_color && no_color[0])) {
        start_color();
        use_default_colors();
        t->colours = COLORS;
    }
    use_theme(t);
    refresh(); /* on our own screen nothing is spoilt by the questions */
    ask_terminal(t, glyph_set_default() == GLYPHS_LINES, is_asked_for_colour(o));
    if (o->glyphs == GLYPHS_AUTO && t->glyphs == GLYPHS_LINES && t->answered == GLYPH_SAMPLES)
        t->glyphs = glyph_set_judge(t->column);
    if (t->colour_n && t->colours) {
        t->theme = theme_for_background(t->colour);
        use_theme(t);
    }
    clearok(curscr, TRUE);
    text_speak_default();
    if (term_lacks_chinese(t))
        text_speak(TEXT_EN);
    send("\033[?2004h");
    if (guard_has_mouse())
        term_mouse(t, true);
    return t;
}

void term_close(struct term *t)
{
    if (!t)
        return;
    send("\033[?2004l");
    curs_set(1);
    endwin();
    guard_end();
    delscreen(t->screen);
    canvas_release(&t->shown);
    buf_release(&t->paste);
    free(t);
}

/* ---- showing ---- */

void term_size(const struct term *t, int *rows, int *cols)
{
    (void)t;
    getmaxyx(stdscr, *rows, *cols);
}

int term_colours(const struct term *t)
{
    return t->colours;
}

enum glyph_set term_glyphs(const struct term *t)
{
    return t->glyphs;
}

int term_chinese_cells(const struct term *t)
{
    return t->answered == GLYPH_SAMPLES ? t->column[GLYPH_SAMPLES - 1] - 1 : 0;
}

const char *term_lacks_chinese(const struct term *t)
{
    return term_chinese_cells(t) == 1 ? N_("this terminal gives Chinese glyphs too little room") : glyphs_lack_chinese(t->glyphs);
}

static void show_cell(struct term *t, int y, int x, const struct cell *cell)
{
    wchar_t wide[CCHARW_MAX + 1] = {0};
    const char *p = cell->glyph, *end = p + cell->n;
    for (size_t i = 0; i < CCHARW_MAX && p < end; i++)
        wide[i] = (wchar_t)utf8_next(&p, end);
    cchar_t out;
    if (setcchar(&out, wide, attrs_of(t, cell->role), t->pair[cell->role], NULL) == OK)
        mvadd_wch(y, x, &out);
}

void term_show(struct term *t, const struct canvas *c)
{
    int rows, cols;
    getmaxyx(stdscr, rows, cols);
    bool same_size = t->shown.rows == c->rows && t->shown.cols == c->cols;
    if (!same_size) {
        canvas_release(&t->shown);
        canvas_init(&t->shown, c->rows, c->cols, c->glyphs);
        t->is_stale = true;
    }
    if (t->is_stale)
        erase();
    for (int y = 0; y < c->rows && y < rows; y++) {
        for (int x = 0; x < c->cols && x < cols; x++) {
            size_t i = (size_t)y * (size_t)c->cols + (size_t)x;
            const struct cell *cell = &c->cells[i];
            if (cell->width && (t->is_stale || !canvas_same(cell, &t->shown.cells[i])))
                show_cell(t, y, x, cell);
        }
    }
    memcpy(t->shown.cells, c->cells, (size_t)c->rows * (size_t)c->cols * sizeof *c->cells);
    t->is_stale = false;
    if (c->cursor_y >= 0 && c->cursor_y < rows && c->cursor_x >= 0 && c->cursor_x < cols) {
        curs_set(1);
        move(c->cursor_y, c->cursor_x);
    } else {
        curs_set(0);
    }
    refresh();
}

void term_redraw(struct term *t)
{
    t->is_stale = true;
    clearok(curscr, TRUE);
}

const char *term_theme_next(struct term *t)
{
    t->theme = theme_next(t->theme);
    use_theme(t);
    return t->theme->name;
}

/* ---- input ---- */

static int key_of(int code)
{
    static const struct {
        int code, key;
    } map[] = {
        {KEY_UP, K_UP},
        {KEY_DOWN, K_DOWN},
        {KEY_LEFT, K_LEFT},
        {KEY_RIGHT, K_RIGHT},
        {KEY_PPAGE, K_PAGE_UP},
        {KEY_NPAGE, K_PAGE_DOWN},
        {KEY_HOME, K_HOME},
        {KEY_END, K_END},
        {KEY_BTAB, K_BACK_TAB},
        {KEY_DC, K_DELETE},
        {KEY_BACKSPACE, K_BACKSPACE},
        {KEY_ENTER, K_ENTER},
        {KEY_A1, K_HOME},
        {KEY_C1, K_END},
        {KEY_A3, K_PAGE_UP},
        {KEY_C3, K_PAGE_DOWN},
    };
    for (size_t i = 0; i < TG_ARRAY_LEN(map); i++) {
        if (map[i].code == code)
            return map[i].key;
    }
    return code > KEY_F0 && code <= KEY_F0 + 12 ? K_F0 + (code - KEY_F0) : 0;
}

static void paste_add(struct term *t, wint_t c)
{
    char bytes[4];
    if (t->paste.n < PASTE_MAX && glyph_width((uint32_t)c) >= 0)
        buf_add(&t->paste, bytes, utf8_put(bytes, (uint32_t)c));
}

static void queue_add_at(struct term *t, int key, int y, int x)
{
    unsigned at = (t->head + t->count) % QUEUE;
    if (t->count == QUEUE)
        return;
    t->queue[at].key = key;
    t->queue[at].y = y;
    t->queue[at].x = x;
    t->count++;
}

static void queue_add(struct term *t, int key)
{
    queue_add_at(t, key, 0, 0);
}

/* ncurses keeps what the mouse did; only presses were asked for. */
static void take_mouse(struct term *t)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return;
    if (event.bstate & BUTTON1_PRESSED)
        queue_add_at(t, IS_CLICK, event.y, event.x);
    else if (event.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED))
        queue_add_at(t, event.bstate & BUTTON4_PRESSED ? IS_WHEEL_UP : IS_WHEEL_DOWN, event.y, event.x);
}

/* What the terminal says of itself; true: it was that. A telling ends with its mark, with anything that can't be of it, or
 * with its time: what is typed after an answer that was cut off is not swallowed. */
static bool take_answer(struct term *t, bool is_code, wint_t c)
{
    bool was_telling = t->telling_until_ms > clock_mono_ms();
    if (is_code && c > CODE_COLUMN && c <= CODE_COLUMN + COLUMNS_KNOWN) {
        if (t->answered < t->asked)
            t->column[t->answered++] = (int)c - CODE_COLUMN;
        return true;
    }
    if (is_code && c == CODE_COLOUR) {
        t->telling_until_ms = clock_mono_ms() + LATE_ESC_MS;
        t->colour_n = 0;
        return true;
    }
    if (was_telling && !is_code && c > 0x20 && c < 0x7f && t->colour_n + 1 < sizeof t->colour) {
        t->colour[t->colour_n++] = (char)c;
        t->colour[t->colour_n] = 0;
        return true;
    }
    t->telling_until_ms = 0;
    if (is_code && c == CODE_STRING_END && !was_telling) {
        queue_add(t, K_ESC);
        queue_add(t, '\\');
    }
    return (is_code && c == CODE_STRING_END) || (was_telling && !is_code && c == 7);
}

/* Reads one thing from ncurses; false: nothing there. */
static bool gulp_one(struct term *t)
{
    wint_t c;
    int what = get_wch(&c);
    if (what == ERR)
        return false;
    if (take_answer(t, what == KEY_CODE_YES, c))
        return true;
    if (what == KEY_CODE_YES) {
        if ((int)c == CODE_PASTE_START) {
            t->is_pasting = true;
            buf_reset(&t->paste);
        } else if ((int)c == CODE_PASTE_END && t->is_pasting) {
            t->is_pasting = false;
            queue_add(t, IS_PASTE);
        } else if (c == KEY_MOUSE) {
            take_mouse(t);
        } else if ((int)c != KEY_RESIZE && !t->is_pasting && key_of((int)c)) {
            queue_add(t, key_of((int)c));
        }
        return true;
    }
    if (t->is_pasting)
        paste_add(t, c);
    else
        queue_add(t, c == '\n' ? K_ENTER : c == 8 ? K_BACKSPACE : (int)c);
    return true;
}

/* A burst of different printable keys was not typed by a hand. */
static void burst_to_paste(struct term *t)
{
    bool differs = false;
    if (t->count <= BURST)
        return;
    for (unsigned i = 0; i < t->count; i++) {
        int key = t->queue[(t->head + i) % QUEUE].key;
        if (!key_is_text(key) && key != K_ENTER && key != K_TAB)
            return;
        differs |= key != t->queue[t->head].key;
    }
    if (!differs)
        return;
    buf_reset(&t->paste);
    for (unsigned i = 0; i < t->count; i++)
        paste_add(t, (wint_t)t->queue[(t->head + i) % QUEUE].key);
    t->count = 0;
    queue_add(t, IS_PASTE);
}

/* Everything that has arrived. One paste in hand at a time, for its text lives in the one buffer: false, there is one. */
static bool gulp(struct term *t)
{
    bool has_paste = false;
    while (t->count < QUEUE && !has_paste && gulp_one(t))
        has_paste = t->count && t->queue[(t->head + t->count - 1) % QUEUE].key == IS_PASTE;
    burst_to_paste(t);
    return !has_paste;
}

static void take_resize(struct term *t)
{
    struct winsize size;
    guard_take_resize();
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    /* What was under way for the old size has landed anywhere: all of it is written again. */
    clearok(curscr, TRUE);
    t->is_stale = true;
    t->resize_due = true;
}

bool term_read(struct term *t, struct input *in)
{
    if (guard_is_resized())
        take_resize(t);
    if (t->resize_due) {
        t->resize_due = false;
        *in = (struct input){.kind = IN_RESIZE};
        getmaxyx(stdscr, in->rows, in->cols);
        return true;
    }
    mind_patience(t);
    if (!t->count)
        gulp(t);
    if (!t->count)
        return false;
    int key = t->queue[t->head].key, y = t->queue[t->head].y, x = t->queue[t->head].x;
    t->head = (t->head + 1) % QUEUE;
    t->count--;
    if (key == IS_PASTE) {
        buf_reserve(&t->paste, 1);
        *in = (struct input){.kind = IN_PASTE, .text = t->paste.p};
        t->paste.p[t->paste.n] = 0;
    } else if (key == IS_CLICK) {
        *in = (struct input){.kind = IN_CLICK, .y = y, .x = x};
    } else if (key < 0) {
        *in = (struct input){.kind = IN_WHEEL, .y = y, .x = x, .by = key == IS_WHEEL_UP ? -WHEEL_LINES : WHEEL_LINES};
    } else {
        *in = (struct input){.kind = IN_KEY, .key = key};
    }
    return true;
}

unsigned term_wait(struct term *t, int other_fd, int timeout_ms)
{
    struct pollfd fd[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = guard_fd(), .events = POLLIN},
                           {.fd = other_fd, .events = POLLIN}};
    unsigned what = 0;
    if (t->is_hung_up)
        fd[0].fd = -1;
    if (poll(fd, 3, t->count || guard_ending() ? 0 : timeout_ms) < 0)
        fd[0].revents = fd[1].revents = fd[2].revents = 0;
    guard_hear();
    if (fd[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        t->is_hung_up = true;
        what |= TERM_GONE;
    }
    if ((fd[0].revents & POLLIN) || t->count || guard_is_resized())
        what |= TERM_INPUT;
    if (fd[2].revents)
        what |= TERM_OTHER;
    if (guard_ending())
        what |= TERM_SIGNAL;
    return what;
}

/* The console's entry names a mouse; what it has is gpm's, or none. */
static bool is_without_mouse(void)
{
    const char *name = secure_getenv("TERM");
    return name && strncmp(name, "linux", 5) == 0 && access("/dev/gpmctl", F_OK) != 0;
}

bool term_mouse(struct term *t, bool on)
{
    mmask_t wanted = BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED;
    (void)t;
    if (on && is_without_mouse())
        return false;
    if (on)
        guard_set_mouse(true); /* first: a crash in between must find it */
    mouseinterval(0);
    bool is_on = mousemask(on ? wanted : 0, NULL) != 0 && on;
    fflush(stdout);
    guard_set_mouse(is_on);
    return is_on;
}

void term_want_mouse(void)
{
    guard_set_mouse(true);
}

bool term_has_mouse(const struct term *t)
{
    (void)t;
    return guard_has_mouse();
}

int term_signal(const struct term *t)
{
    (void)t;
    return guard_ending();
}

void term_copy(struct term *t, const char *text)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = TG_MIN(strlen(text), (size_t)4096);
    struct buf out = {0};
    (void)t;
    buf_adds(&out, "\033]52;c;");
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = (uint32_t)(unsigned char)text[i] << 16;
        three |= i + 1 < n ? (uint32_t)(unsigned char)text[i + 1] << 8 : 0;
        three |= i + 2 < n ? (uint32_t)(unsigned char)text[i + 2] : 0;
        buf_addc(&out, digit[three >> 18]);
        buf_addc(&out, digit[three >> 12 & 63]);
        buf_addc(&out, i + 1 < n ? digit[three >> 6 & 63] : '=');
        buf_addc(&out, i + 2 < n ? digit[three & 63] : '=');
    }
    buf_adds(&out, "\007");
    send(out.p);
    buf_release(&out);
}

void term_suspend(struct term *t)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;
    send("\033[?2004l");
    curs_set(1);
    endwin();
    guard_restore_modes();
    sigaction(SIGTSTP, &stop, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    set_modes();
    send("\033[?2004h");
    take_resize(t);
    term_redraw(t);
}
