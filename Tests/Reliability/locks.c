// Tells ThreadSanitizer of Synchronization.Mutex, and of globals that are made once.
//
// A free Mutex is taken and given back by code inside the caller, which the sanitizer sees; one that
// is wanted by several threads in the Swift library, which is not built for it. Without this each
// such lock looks like none. So it is with what makes a global when it is first used. sanitize.sh has the linker lead the calls here (`--wrap`).

#include <stdbool.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define MUTEX "$s15Synchronization12_MutexHandleV"
#define LOCK MUTEX "9_lockSlowyys6UInt32VF"
#define TRY_LOCK MUTEX "12_tryLockSlowSbyF"
#define UNLOCK MUTEX "11_unlockSlowyyF"

SWIFT void real_lock(uint32_t thread, SELF) __asm__("__real_" LOCK);
SWIFT bool real_try_lock(SELF) __asm__("__real_" TRY_LOCK);
SWIFT void real_unlock(SELF) __asm__("__real_" UNLOCK);

SWIFT void lock(uint32_t thread, SELF) __asm__("__wrap_" LOCK);
SWIFT bool try_lock(SELF) __asm__("__wrap_" TRY_LOCK);
SWIFT void unlock(SELF) __asm__("__wrap_" UNLOCK);

SWIFT void lock(uint32_t thread, SELF) {
  real_lock(thread, self);
  __tsan_acquire(self);
}

SWIFT bool try_lock(SELF) {
  bool taken = real_try_lock(self);
  if (taken) __tsan_acquire(self);
  return taken;
}

SWIFT void unlock(SELF) {
  __tsan_release(self);
  real_unlock(self);
}

struct making {
  void (*make)(void *);
  void *context;
  void *predicate;
};

void real_once(void *predicate, void (*make)(void *), void *context) __asm__("__real_swift_once");
void once(void *predicate, void (*make)(void *), void *context) __asm__("__wrap_swift_once");

static void make_and_tell(void *raw) {
  struct making *making = raw;
  making->make(making->context);
  __tsan_release(making->predicate);
}

void once(void *predicate, void (*make)(void *), void *context) {
  struct making making = {make, context, predicate};
  real_once(predicate, make_and_tell, &making);
  __tsan_acquire(predicate);
}
