/* Fails system calls on the files of one folder, to be preloaded (LD_PRELOAD) into a program on Linux.
 *
 * FAULT_FOLDER  calls on files below this folder count: write, truncate, fsync, rename, and opening a file to create it
 * FAULT_COUNT   file that the number of such calls is written to when the program ends
 * FAULT_AT      the call that fails, counted from 1
 * FAULT_MODE    kill: the program is killed (SIGKILL) in place of the call
 *               once: the call fails with ENOSPC, later ones do not
 *               ever: it and all later ones fail with ENOSPC
 *               half: of a write only the first half is done, and the next call fails with ENOSPC; another call fails as by once
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;
static int half_done;

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

static int below(const char *path) {
    const char *folder = getenv("FAULT_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return below(path);
}

static int named(const char *name) {
    char path[4096], folder[4096];
    if (name[0] == '/') return below(name);
    if (!getcwd(folder, sizeof folder)) return 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return below(path);
}

enum verdict { PASS, FAIL, HALF };

/* What becomes of the next call on one of our files. */
static enum verdict next_call(void) {
    const char *at = getenv("FAULT_AT"), *mode = getenv("FAULT_MODE");
    long n = ++calls;
    if (!at || !mode) return PASS;
    long fails = atol(at);
    enum verdict verdict = PASS;
    if (n == fails) {
        if (strcmp(mode, "kill") == 0) kill(getpid(), SIGKILL);
        verdict = strcmp(mode, "half") == 0 ? HALF : FAIL;
    } else if (n > fails && strcmp(mode, "ever") == 0) {
        verdict = FAIL;
    } else if (half_done) {
        half_done = 0;
        verdict = FAIL;
    }
    if (verdict == FAIL) errno = ENOSPC;
    return verdict;
}

/* The same of a call that cannot be done by half. */
static int fails(void) {
    enum verdict verdict = next_call();
    if (verdict != PASS) errno = ENOSPC;
    return verdict != PASS;
}

__attribute__((destructor)) static void count(void) {
    const char *to = getenv("FAULT_COUNT");
    FILE *file = to ? fopen(to, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", calls);
        fclose(file);
    }
}

static size_t share(int fd, size_t size, int *failed) {
    *failed = 0;
    if (!ours(fd)) return size;
    switch (next_call()) {
    case FAIL: *failed = 1; return 0;
    case HALF:
        half_done = 1;
        return size > 1 ? size / 2 : size;
    default: return size;
    }
}

ssize_t write(int fd, const void *from, size_t size) {
    int failed;
    size_t part = share(fd, size, &failed);
    return failed ? -1 : REAL("write", ssize_t(*)(int, const void *, size_t))(fd, from, part);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    int failed;
    size_t part = share(fd, size, &failed);
    return failed ? -1 : REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off64_t))(fd, from, part, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { return pwrite64(fd, from, size, at); }

int ftruncate64(int fd, off64_t size) {
    if (ours(fd) && fails()) return -1;
    return REAL("ftruncate64", int (*)(int, off64_t))(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
    if (ours(fd) && fails()) return -1;
    return REAL("fsync", int (*)(int))(fd);
}

int rename(const char *from, const char *to) {
    if (named(to) && fails()) return -1;
    return REAL("rename", int (*)(const char *, const char *))(from, to);
}

static int create(const char *name, const char *path, int flags, mode_t mode) {
    if ((flags & O_CREAT) && named(path) && fails()) return -1;
    return REAL(name, int (*)(const char *, int, ...))(path, flags, mode);
}

#define OPEN(name)                                 \
    int name(const char *path, int flags, ...) {   \
        va_list rest;                              \
        va_start(rest, flags);                     \
        mode_t mode = va_arg(rest, mode_t);        \
        va_end(rest);                              \
        return create(#name, path, flags, mode);   \
    }

OPEN(open)
OPEN(open64)
