#ifndef CIMAGE_DECODE_LIMITS_H
#define CIMAGE_DECODE_LIMITS_H

// Limits of both decoders, kept before anything is allocated.

/// The longest side of a picture.
#define CIMAGE_MAX_SIDE 32768
/// The most scans of a JPEG; more exist to waste time.
#define CIMAGE_MAX_SCANS 100
/// What a decoder may allocate for itself, whatever the picture's size.
#define CIMAGE_MEMORY_BASE (16 << 20)

#endif
