#ifndef CMPI_H
#define CMPI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MPI as far as it is used here, from a library that is opened when it is wanted. The handles of
// Open MPI are addresses and those of MPICH numbers, which a header would fix at compile time.
//
// All functions but cmpi_open are for one thread alone, and only after cmpi_open gave 0. Those that
// return an int give 0, or MPI's own code of what went wrong.

/// Opens the first of `names` (ended by NULL) that there is, for all to see, as its plug-ins need.
///
/// 0, or 1 where there is none, 2 where a function is missing, 3 where its handles are not known;
/// `message` then says which, and otherwise holds the library's own name for itself.
int cmpi_open(const char *const *names, char *message, size_t capacity);

/// Joins the processes that were started together. Gives this one's number and how many there are.
int cmpi_join(int *rank, int *size);

/// How many groups of messages go past one another: one for each use.
enum { CMPI_LANES = 4 };

/// A message or a set of them under way; nothing is under way while it is 0.
typedef struct {
  uint64_t handle;
} cmpi_request;

/// Sends floats of `data` to each process and receives as many as it wants from each; `counts` and
/// `places` say which, one of each a process.
int cmpi_exchange(int lane, const float *data, const int *counts, const int *places, float *received,
                  const int *received_counts, const int *received_places, cmpi_request *request);

/// Gives all processes the stretches of `data`, of which each has its own in place.
int cmpi_spread(int lane, float *data, const int *counts, const int *places, cmpi_request *request);

/// Gives all processes the bytes of each, `counts` of them, which may differ.
int cmpi_gather(int lane, const void *own, int count, void *all, const int *counts,
                const int *places, cmpi_request *request);

/// Sends bytes to one process.
int cmpi_send(int lane, const void *bytes, int count, int to, cmpi_request *request);

/// Receives bytes from one process.
int cmpi_receive(int lane, void *bytes, int count, int from, cmpi_request *request);

/// Whether what a request stands for is over; drives it on.
int cmpi_test(cmpi_request *request, bool *done);

/// MPI's words for a code.
void cmpi_error_text(int code, char *text, size_t capacity);

/// Ends all processes with an exit code.
void cmpi_abort(int code);

/// Leaves in good order, once nothing is under way.
int cmpi_leave(void);

#endif
