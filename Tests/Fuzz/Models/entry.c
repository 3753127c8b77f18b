// The fuzzer's entry points. One program holds all targets: the name it is started by says which.
// Started with MODEL_SEEDS it writes seeds to that folder and ends.

#include "entry.h"

#include <stdlib.h>
#include <string.h>

int fuzz_header(const uint8_t *bytes, size_t count);
int fuzz_model(const uint8_t *bytes, size_t count);
int fuzz_weights(const uint8_t *bytes, size_t count);
size_t mutate_model(uint8_t *bytes, size_t count, size_t capacity, unsigned int seed);
void write_seeds(const char *folder);

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t capacity, unsigned int seed);

static int (*target)(const uint8_t *bytes, size_t count) = fuzz_model;

int LLVMFuzzerInitialize(int *count, char ***words) {
  (void)count;
  const char *folder = getenv("MODEL_SEEDS");
  if (folder) {
    write_seeds(folder);
    exit(0);
  }
  const char *path = (*words)[0], *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  if (!strcmp(name, "header")) target = fuzz_header;
  if (!strcmp(name, "weights")) target = fuzz_weights;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) { return target(bytes, count); }

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t count, size_t capacity, unsigned int seed) {
  // Those of other programs have no digest that must be right.
  if (target == fuzz_weights) return LLVMFuzzerMutate(bytes, count, capacity);
  return mutate_model(bytes, count, capacity, seed);
}
