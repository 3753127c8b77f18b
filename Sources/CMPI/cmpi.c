#include "cmpi.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

// Open MPI's handles are pointers and MPICH's are ints; both travel in a register of 64 bits, and
// both are written into memory of that size which was zero before.
typedef uint64_t handle;

// Part of the interface that every MPI library keeps (MPI 3.1, A.2; the numbers that follow are the
// same in Open MPI 4 and 5 and in the common ABI of MPICH, Intel MPI and MVAPICH).
enum { THREAD_FUNNELED = 1, TEXT_LENGTH = 512, VERSION_LENGTH = 8192 };

static struct {
  int (*init_thread)(int *, char ***, int, int *);
  int (*comm_rank)(handle, int *);
  int (*comm_size)(handle, int *);
  int (*comm_dup)(handle, handle *);
  int (*comm_set_errhandler)(handle, handle);
  int (*error_string)(int, char *, int *);
  int (*library_version)(char *, int *);
  int (*ialltoallv)(const void *, const int *, const int *, handle, void *, const int *, const int *,
                    handle, handle, handle *);
  int (*iallgatherv)(const void *, int, handle, void *, const int *, const int *, handle, handle,
                     handle *);
  int (*isend)(const void *, int, handle, int, int, handle, handle *);
  int (*irecv)(void *, int, handle, int, int, handle, handle *);
  int (*test)(handle *, int *, void *);
  int (*abort)(handle, int);
  int (*finalize)(void);
} mpi;

static struct {
  handle world, byte, real, errors_return;
  const void *in_place;
  void *status_ignore;
} constant;

static handle lanes[CMPI_LANES];

static void *open_first(const char *const *names, char *message, size_t capacity) {
  message[0] = 0;
  for (; *names; names++) {
    void *library = dlopen(*names, RTLD_NOW | RTLD_GLOBAL);
    if (library) return library;
    // The first one's reason is told: the others are guesses.
    const char *reason = dlerror();
    if (!message[0]) snprintf(message, capacity, "%s", reason);
  }
  return NULL;
}

static const char *find_functions(void *library) {
  const struct {
    const char *name;
    void *target;
  } functions[] = {
      {"MPI_Init_thread", &mpi.init_thread},
      {"MPI_Comm_rank", &mpi.comm_rank},
      {"MPI_Comm_size", &mpi.comm_size},
      {"MPI_Comm_dup", &mpi.comm_dup},
      {"MPI_Comm_set_errhandler", &mpi.comm_set_errhandler},
      {"MPI_Error_string", &mpi.error_string},
      {"MPI_Get_library_version", &mpi.library_version},
      {"MPI_Ialltoallv", &mpi.ialltoallv},
      {"MPI_Iallgatherv", &mpi.iallgatherv},
      {"MPI_Isend", &mpi.isend},
      {"MPI_Irecv", &mpi.irecv},
      {"MPI_Test", &mpi.test},
      {"MPI_Abort", &mpi.abort},
      {"MPI_Finalize", &mpi.finalize},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *function = dlsym(library, functions[i].name);
    if (!function) return functions[i].name;
    memcpy(functions[i].target, &function, sizeof function);
  }
  return NULL;
}

static bool find_constants(void *library, const char *version) {
  if (dlsym(library, "ompi_mpi_comm_world")) {
    constant.world = (handle)(uintptr_t)dlsym(library, "ompi_mpi_comm_world");
    constant.byte = (handle)(uintptr_t)dlsym(library, "ompi_mpi_byte");
    constant.real = (handle)(uintptr_t)dlsym(library, "ompi_mpi_float");
    constant.errors_return = (handle)(uintptr_t)dlsym(library, "ompi_mpi_errors_return");
    constant.in_place = (void *)1;
    constant.status_ignore = NULL;
    return constant.byte && constant.real && constant.errors_return;
  }
  if (strstr(version, "MPICH") || strstr(version, "Intel") || strstr(version, "MVAPICH")) {
    constant.world = 0x44000000;
    constant.byte = 0x4c00010d;
    constant.real = 0x4c00040a;
    constant.errors_return = 0x54000001;
    constant.in_place = (void *)-1;
    constant.status_ignore = (void *)1;
    return true;
  }
  return false;
}

int cmpi_open(const char *const *names, char *message, size_t capacity) {
  void *library = open_first(names, message, capacity);
  if (!library) return 1;
  const char *missing = find_functions(library);
  if (missing) {
    snprintf(message, capacity, "%s", missing);
    return 2;
  }
  char version[VERSION_LENGTH] = "";
  int length = 0;
  mpi.library_version(version, &length);
  snprintf(message, capacity, "%s", version);
  return find_constants(library, version) ? 0 : 3;
}

int cmpi_join(int *rank, int *size) {
  int provided = 0;
  int code = mpi.init_thread(NULL, NULL, THREAD_FUNNELED, &provided);
  for (int lane = 0; lane < CMPI_LANES && code == 0; lane++) {
    code = mpi.comm_dup(constant.world, &lanes[lane]);
    // An error is told to whoever asked, in place of ending the process.
    if (code == 0) code = mpi.comm_set_errhandler(lanes[lane], constant.errors_return);
  }
  if (code == 0) code = mpi.comm_rank(constant.world, rank);
  if (code == 0) code = mpi.comm_size(constant.world, size);
  return code;
}

int cmpi_exchange(int lane, const float *data, const int *counts, const int *places, float *received,
                  const int *received_counts, const int *received_places, cmpi_request *request) {
  return mpi.ialltoallv(data, counts, places, constant.real, received, received_counts,
                        received_places, constant.real, lanes[lane], &request->handle);
}

int cmpi_spread(int lane, float *data, const int *counts, const int *places, cmpi_request *request) {
  return mpi.iallgatherv(constant.in_place, 0, constant.real, data, counts, places, constant.real,
                         lanes[lane], &request->handle);
}

int cmpi_gather(int lane, const void *own, int count, void *all, const int *counts,
                const int *places, cmpi_request *request) {
  return mpi.iallgatherv(own, count, constant.byte, all, counts, places, constant.byte, lanes[lane],
                         &request->handle);
}

int cmpi_send(int lane, const void *bytes, int count, int to, cmpi_request *request) {
  return mpi.isend(bytes, count, constant.byte, to, 0, lanes[lane], &request->handle);
}

int cmpi_receive(int lane, void *bytes, int count, int from, cmpi_request *request) {
  return mpi.irecv(bytes, count, constant.byte, from, 0, lanes[lane], &request->handle);
}

int cmpi_test(cmpi_request *request, bool *done) {
  int flag = 0;
  int code = mpi.test(&request->handle, &flag, constant.status_ignore);
  *done = flag != 0;
  return code;
}

void cmpi_error_text(int code, char *text, size_t capacity) {
  char own[TEXT_LENGTH] = "";
  int length = 0;
  if (mpi.error_string(code, own, &length) != 0) snprintf(own, sizeof own, "MPI's code %d", code);
  snprintf(text, capacity, "%s", own);
}

void cmpi_abort(int code) { mpi.abort(constant.world, code); }

int cmpi_leave(void) { return mpi.finalize(); }
