/* A file mapped for reading counts as our memory page by page, once looked at, though the system may take any of it back.
   Only Linux tells which mappings are a file's, and only there is anything done. */
#include "file-pages.h"

#ifdef __linux__
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

size_t file_pages_release(const char *path, size_t length) {
  char line[4608];
  size_t covered = 0;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return 0;
  while (fgets(line, sizeof(line), maps) != NULL) {
    uintptr_t start, end;
    const char *name = strchr(line, '/');
    if (name == NULL || strncmp(name, path, length) != 0 || name[length] != '\n') continue;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " r--s", &start, &end) != 2) continue;
    /* A shared, read-only mapping: what is dropped here is read from the cache again when it is needed. */
    if (strstr(line, " r--s ") == NULL) continue;
    if (madvise((void *)start, end - start, MADV_DONTNEED) == 0) covered += end - start;
  }
  fclose(maps);
  return covered;
}
#else
size_t file_pages_release(const char *path, size_t length) {
  (void)path;
  (void)length;
  return 0;
}
#endif
