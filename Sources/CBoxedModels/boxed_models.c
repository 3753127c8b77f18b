#include "boxed_models.h"

// #embed is of C23 and, as an extension, of every C that clang compiles. The compiler tells the
// build that this file depends on the model that lies beside it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char cats_dogs[] = {
#embed "cats-dogs.safetensors"
};

const void *boxed_cats_dogs(size_t *size) {
  *size = sizeof cats_dogs;
  return cats_dogs;
}
