// What the fuzzer offers to the targets.

#include <stddef.h>
#include <stdint.h>

/// Changes bytes in place and gives how many there are then, at most `capacity`.
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t capacity);
