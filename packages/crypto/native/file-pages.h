#pragma once
#include <stddef.h>

/* Lets go of the pages of a file that are mapped here; they stay in the system's cache. Returns the bytes covered. */
size_t file_pages_release(const char *path, size_t length);
