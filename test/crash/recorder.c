/*
 * Loaded in front of the C library (LD_PRELOAD), writes down every change that a process makes to the files below
 * WAYBILL_TEST_RECORDED_FOLDER, SQLite's included, to the file WAYBILL_TEST_RECORDING: in the order in which the kernel
 * was asked, with the bytes, and with when each sync began and ended. recording.ts reads it.
 *
 * A record has 32 bytes, six numbers of 32 bits (its kind, the length of a path, of a second path and of data, the number
 * of a sync, 0) and one of 64 (an offset or a size); then the paths, relative to the folder, and the data.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int recording = -1;
static char folder[PATH_MAX];
static size_t folder_length;
static uint32_t syncs;

__attribute__((constructor)) static void begin(void) {
  const char *to = getenv("WAYBILL_TEST_RECORDING");
  const char *of = getenv("WAYBILL_TEST_RECORDED_FOLDER");
  if (!to || !of) return;
  folder_length = (size_t)snprintf(folder, sizeof folder, "%s/", of);
  recording = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* With the lock held, and in one write: a process that is killed leaves whole records. */
static void record(char kind, const char *path, const char *other, const void *data, size_t bytes, uint64_t number,
                   uint32_t sync) {
  uint32_t path_length = (uint32_t)strlen(path), other_length = other ? (uint32_t)strlen(other) : 0;
  uint32_t head[] = {(uint32_t)kind, path_length, other_length, (uint32_t)bytes, sync, 0};
  struct iovec parts[] = {{head, sizeof head},
                          {&number, sizeof number},
                          {(void *)path, path_length},
                          {(void *)other, other_length},
                          {(void *)data, bytes}};
  if (syscall(SYS_writev, recording, parts, 5) < 0) abort();
}

/* The path of a file below the folder, without the folder; NULL for any other. */
static const char *recorded(const char *path) {
  return recording >= 0 && strncmp(path, folder, folder_length) == 0 ? path + folder_length : NULL;
}

/* The same for an open file, by the name it has now. Files that have none any more are nobody's concern. */
static const char *recorded_fd(int fd, char *buffer) {
  char link[64];
  if (recording < 0) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, buffer, PATH_MAX - 1);
  if (length <= 0 || buffer[0] != '/') return NULL;
  buffer[length] = 0;
  /* The folder itself is the empty path. */
  if ((size_t)length + 1 == folder_length && strncmp(buffer, folder, (size_t)length) == 0) return "";
  const char *deleted = strstr(buffer, " (deleted)");
  return deleted ? NULL : recorded(buffer);
}

static void record_vector(const char *path, const struct iovec *parts, int count, uint64_t offset, ssize_t written) {
  for (int i = 0; i < count && written > 0; i++) {
    size_t bytes = parts[i].iov_len < (size_t)written ? parts[i].iov_len : (size_t)written;
    if (bytes > 0) record('w', path, NULL, parts[i].iov_base, bytes, offset, 0);
    offset += bytes;
    written -= (ssize_t)bytes;
  }
}

static ssize_t write_vector(int fd, const struct iovec *parts, int count, off64_t offset) {
  char buffer[PATH_MAX];
  const char *path = recorded_fd(fd, buffer);
  if (!path) {
    return offset < 0 ? syscall(SYS_writev, fd, parts, count)
                      : syscall(SYS_pwritev, fd, parts, count, (long)offset, 0L);
  }
  pthread_mutex_lock(&lock);
  off64_t at = offset < 0 ? syscall(SYS_lseek, fd, 0L, SEEK_CUR) : offset;
  ssize_t written = offset < 0 ? syscall(SYS_writev, fd, parts, count)
                               : syscall(SYS_pwritev, fd, parts, count, (long)offset, 0L);
  int error = errno;
  record_vector(path, parts, count, (uint64_t)at, written);
  pthread_mutex_unlock(&lock);
  errno = error;
  return written;
}

static ssize_t write_bytes(int fd, const void *bytes, size_t count, off64_t offset) {
  struct iovec part = {(void *)bytes, count};
  return write_vector(fd, &part, 1, offset);
}

ssize_t write(int fd, const void *bytes, size_t count) { return write_bytes(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return write_bytes(fd, bytes, count, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  return write_bytes(fd, bytes, count, offset);
}
ssize_t writev(int fd, const struct iovec *parts, int count) { return write_vector(fd, parts, count, -1); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return write_vector(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  return write_vector(fd, parts, count, offset);
}

static int truncate_fd(int fd, off64_t bytes) {
  char buffer[PATH_MAX];
  const char *path = recorded_fd(fd, buffer);
  if (path) pthread_mutex_lock(&lock);
  int result = (int)syscall(SYS_ftruncate, fd, (long)bytes);
  int error = errno;
  if (path) {
    if (result == 0) record('t', path, NULL, NULL, 0, (uint64_t)bytes, 0);
    pthread_mutex_unlock(&lock);
  }
  errno = error;
  return result;
}

int ftruncate(int fd, off_t bytes) { return truncate_fd(fd, bytes); }
int ftruncate64(int fd, off64_t bytes) { return truncate_fd(fd, bytes); }

static int open_path(const char *name, int flags, mode_t mode) {
  const char *path = flags & (O_CREAT | O_TRUNC) ? recorded(name) : NULL;
  if (!path) return (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
  pthread_mutex_lock(&lock);
  int is_new = syscall(SYS_faccessat, AT_FDCWD, name, F_OK) != 0;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
  int error = errno;
  if (fd >= 0 && is_new) record('c', path, NULL, NULL, 0, 0, 0);
  if (fd >= 0 && !is_new && flags & O_TRUNC) record('t', path, NULL, NULL, 0, 0, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

#define OPEN(name)                            \
  int name(const char *path, int flags, ...) { \
    va_list more;                             \
    va_start(more, flags);                    \
    mode_t mode = (mode_t)va_arg(more, int);  \
    va_end(more);                             \
    return open_path(path, flags, mode);      \
  }
OPEN(open)
OPEN(open64)

static int sync_fd(int fd, long call) {
  char buffer[PATH_MAX];
  const char *path = recorded_fd(fd, buffer);
  if (!path) return (int)syscall(call, fd);
  pthread_mutex_lock(&lock);
  uint32_t sync = ++syncs;
  record('(', path, NULL, NULL, 0, 0, sync);
  pthread_mutex_unlock(&lock);
  int result = (int)syscall(call, fd);
  int error = errno;
  pthread_mutex_lock(&lock);
  if (result == 0) record(')', path, NULL, NULL, 0, 0, sync);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int fsync(int fd) { return sync_fd(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_fd(fd, SYS_fdatasync); }

/* A change of names: `call` makes it, and it is recorded if it was made. */
#define CHANGE_NAMES(kind, path, other, call)                              \
  do {                                                                     \
    const char *one = (path), *two = (other);                              \
    if (!one && !two) return (int)(call);                                  \
    pthread_mutex_lock(&lock);                                             \
    int result = (int)(call);                                              \
    int error = errno;                                                     \
    if (result == 0) record(kind, one ? one : "", two, NULL, 0, 0, 0);     \
    pthread_mutex_unlock(&lock);                                           \
    errno = error;                                                         \
    return result;                                                         \
  } while (0)

int rename(const char *from, const char *to) {
  CHANGE_NAMES('r', recorded(from), recorded(to), syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int link(const char *from, const char *to) {
  CHANGE_NAMES('l', recorded(from), recorded(to), syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char *name) {
  CHANGE_NAMES('u', recorded(name), NULL, syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}
int mkdir(const char *name, mode_t mode) {
  CHANGE_NAMES('d', recorded(name), NULL, syscall(SYS_mkdirat, AT_FDCWD, name, mode));
}
