#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H
#include "CImageCodecs_encode.h"
#endif
