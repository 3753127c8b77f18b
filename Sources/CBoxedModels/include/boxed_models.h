#ifndef BOXED_MODELS_H
#define BOXED_MODELS_H

#include <stddef.h>

/// The bytes of the model file cats-dogs.safetensors; `size` becomes how many they are.
const void *boxed_cats_dogs(size_t *size);

#endif
