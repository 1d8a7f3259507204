// SPDX-License-Identifier: Apache-2.0
/* A driver for the harnesses of this folder where there is no libFuzzer: first every input as it stands, then
 * random mutations of them until the time is over. It is blind, but steady: a seed gives the same inputs again.
 *
 *   fuzz_NAME SECONDS SEED [FILE|FOLDER…]
 *
 * The input at work is kept in the file that TG_FUZZ_LAST names, so that a crash leaves it behind. */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX (1u << 20)
#define INPUTS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int main(int argc, char **argv);

struct input {
    uint8_t *p;
    size_t n;
};

static struct input inputs[INPUTS_MAX];
static size_t ninputs;
static uint64_t state;
static struct last {
    uint64_t n;
    uint8_t bytes[INPUT_MAX];
} *last; /* shared with the file, so that it survives a crash */

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t limit)
{
    return limit ? (size_t)(next_random() % limit) : 0;
}

static void add_file(const char *path)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0 || s.st_size > INPUT_MAX || ninputs == INPUTS_MAX) {
        if (fd >= 0)
            close(fd);
        return;
    }
    struct input *in = &inputs[ninputs];
    in->p = malloc((size_t)s.st_size + 1);
    ssize_t got = in->p ? read(fd, in->p, (size_t)s.st_size) : -1;
    if (got >= 0) {
        in->n = (size_t)got;
        ninputs++;
    }
    close(fd);
}

static void add(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        add_file(path);
        return;
    }
    for (struct dirent *d; (d = readdir(folder));) {
        char name[4096];
        if (d->d_name[0] != '.' && snprintf(name, sizeof name, "%s/%s", path, d->d_name) < (int)sizeof name)
            add_file(name);
    }
    closedir(folder);
}

static void run_one(const uint8_t *p, size_t n)
{
    /* a copy of exactly its size, so that the sanitizer sees a read one byte behind */
    uint8_t *own = malloc(n ? n : 1);
    if (!own)
        abort();
    memcpy(own, p, n);
    last->n = n;
    memcpy(last->bytes, p, n);
    LLVMFuzzerTestOneInput(own, n);
    free(own);
}

static size_t mutate(uint8_t *p, size_t n)
{
    static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xfe, 0xff, '\n', '\'', '"', '\\', ':', '{', '%'};
    size_t at = below(n), many = 1 + below(16);
    switch (below(7)) {
    case 0: if (n) p[at] = (uint8_t)next_random(); break;
    case 1: if (n) p[at] ^= (uint8_t)(1u << below(8)); break;
    case 2: if (n) p[at] = telling[below(sizeof telling)]; break;
    case 3: /* a piece goes */
        many = many < n - at ? many : n - at;
        memmove(p + at, p + at + many, n - at - many);
        return n - many;
    case 4: /* a piece twice */
        if (n + many > INPUT_MAX || at + many > n)
            return n;
        memmove(p + at + many, p + at, n - at);
        return n + many;
    case 5: /* a piece of another input */
        if (ninputs) {
            struct input *other = &inputs[below(ninputs)];
            size_t from = below(other->n), room = INPUT_MAX - at;
            many = below(other->n - from + 1) % 512;
            many = many < room ? many : room;
            memcpy(p + at, other->p + from, many);
            return at + many > n ? at + many : n;
        }
        break;
    default:
        return below(n + 1); /* cut short */
    }
    return n;
}

static void keep_last(void)
{
    const char *path = getenv("TG_FUZZ_LAST");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (fd >= 0 && ftruncate(fd, sizeof *last) != 0)
        exit(2);
    void *p = mmap(NULL, sizeof *last, PROT_READ | PROT_WRITE, fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
    if (p == MAP_FAILED)
        exit(2);
    last = p;
}

int main(int argc, char **argv)
{
    static uint8_t work[INPUT_MAX];
    struct timespec now;
    uint64_t runs = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: %s SECONDS SEED [FILE|FOLDER]...\n", argv[0]);
        return 1;
    }
    for (int i = 3; i < argc; i++)
        add(argv[i]);
    keep_last();
    state = strtoull(argv[2], NULL, 10) * 2654435761u + 88172645463325252u;
    for (size_t i = 0; i < ninputs; i++)
        run_one(inputs[i].p, inputs[i].n);
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (time_t end = now.tv_sec + (time_t)strtoul(argv[1], NULL, 10); now.tv_sec < end; runs++) {
        struct input *in = ninputs ? &inputs[below(ninputs)] : NULL;
        size_t n = in ? in->n : below(64);
        if (in && n)
            memcpy(work, in->p, n);
        for (size_t times = 1 + below(8); times; times--)
            n = mutate(work, n);
        run_one(work, n);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    printf("%zu inputs, %llu mutations, seed %s\n", ninputs, (unsigned long long)runs, argv[2]);
    return 0;
}
