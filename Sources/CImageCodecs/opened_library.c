#include "opened_library.h"

#include "CImageCodecs_opened.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One that is open. The list only grows, by two at most in a program that is not a test.
typedef struct opened {
  struct opened *next;
  const cimage_table *table;
  char *name;
  void *functions;
} opened;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static opened *libraries;

static bool fill(void *handle, const cimage_table *table, void *functions) {
  for (size_t i = 0; i < table->count; i++) {
    const cimage_symbol symbol = table->symbols[i];
    void *function = dlsym(handle, symbol.name);
    if (!function && symbol.is_needed) return false;
    memcpy((char *)functions + symbol.offset, &function, sizeof function);
  }
  return table->is_usable(functions);
}

static bool is_to_be_quiet;

void cimage_quiet(void) { is_to_be_quiet = true; }

static void hush(void) {
#ifdef __GLIBC__
  if (!is_to_be_quiet) return;
  FILE *nowhere = fopen("/dev/null", "we");
  if (nowhere) stderr = nowhere;
  is_to_be_quiet = !nowhere;
#endif
}

static opened *open_library(const char *name, const cimage_table *table) {
  void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return NULL;
  hush();
  opened *library = calloc(1, sizeof *library);
  if (library) {
    library->table = table;
    library->name = strdup(name);
    library->functions = calloc(1, table->size);
    if (library->name && library->functions && fill(handle, table, library->functions))
      return library;
    free(library->functions);
    free(library->name);
    free(library);
  }
  dlclose(handle);
  return NULL;
}

const void *cimage_opened_library(const char *name, const cimage_table *table, bool opens) {
  pthread_mutex_lock(&lock);
  opened *library = libraries;
  while (library && (library->table != table || strcmp(library->name, name) != 0))
    library = library->next;
  if (!library && opens) {
    library = open_library(name, table);
    if (library) {
      library->next = libraries;
      libraries = library;
    }
  }
  pthread_mutex_unlock(&lock);
  return library ? library->functions : NULL;
}
