#ifndef CIMAGE_OPENED_LIBRARY_H
#define CIMAGE_OPENED_LIBRARY_H
#include <stdbool.h>
#include <stddef.h>

// Libraries of the system that are opened when they are wanted, with their functions.

/// A function that is looked up, and its place in the table.
typedef struct {
  const char *name;
  size_t offset;
  /// Whether a library without it is too old.
  bool is_needed;
} cimage_symbol;

/// What a table is filled with.
typedef struct {
  const cimage_symbol *symbols;
  size_t count;
  /// Bytes of the table.
  size_t size;
  /// Asked once with the full table: whether the library can be used. It prepares it, too.
  bool (*is_usable)(const void *table);
} cimage_table;

/// The table of a library's functions, which lives for ever; NULL where the library is not there, is
/// too old or, unless `opens`, has not been opened. A failure is not remembered: the library may be
/// installed meanwhile.
const void *cimage_opened_library(const char *library, const cimage_table *table, bool opens);

#endif
