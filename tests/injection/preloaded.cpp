// Preloaded into a program (LD_PRELOAD in ld.so(8)): makes its allocations fail as the Control
// asks, and lets the test decide on each of its system calls (seccomp_unotify(2)). Both from main()
// on. It also notes which of the allocations load the configuration.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "tests/injection/control.hpp"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

using injection::Control;
using Main = int (*)(int, char**, char**);

// Without destructors, for allocations go on until the process ends.
Control* control = nullptr;
Main program = nullptr;
bool loads = false;
std::uint64_t loading_since = 0;

// Every allocation asks this.
bool fails() {
  if (control == nullptr || !control->in_main) return false;
  const std::uint64_t number = ++control->allocations;
  const std::uint64_t failing = control->failing;
  if (failing == 0 || number < failing || (number > failing && !control->for_good)) return false;
  ++control->failed;
  errno = ENOMEM;
  return true;
}

// A start loads from main() on, or after the last thing that it does with the state of a program
// before it, which is to have the descriptors closed on exec again. A reload looks at the file
// first.
void begin_to_load() {
  loads = true;
  loading_since = control->allocations;
}

// With its configuration the program opens its terminal or its log. It has read files before by
// streams, which do not call open() here.
void have_loaded() {
  if (!std::exchange(loads, false)) return;
  const std::size_t index = control->loadings++;
  if (index < control->loading.size())
    control->loading.at(index) = {.begin = loading_since, .end = control->allocations};
}

Control* shared_control() {
  const char* path = std::getenv(injection::control_variable);
  if (path == nullptr) return nullptr;
  const int file = ::open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* memory = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return memory == MAP_FAILED ? nullptr : static_cast<Control*>(memory);
}

// All system calls wait for the listener's answer, but for those that cannot fail, those that libc
// makes for a new thread and cannot do without, and close(2), which closes even where it fails.
int listener_for_system_calls() {
  constexpr std::array never_fail = {
      SYS_exit,    SYS_exit_group, SYS_rt_sigreturn,    SYS_futex,         SYS_close,  SYS_munmap,
      SYS_brk,     SYS_rseq,       SYS_set_robust_list, SYS_getpid,        SYS_gettid, SYS_getuid,
      SYS_geteuid, SYS_getgid,     SYS_getegid,         SYS_rt_sigprocmask};
  std::array<sock_filter, never_fail.size() + 3> filter{};
  filter[0] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (std::size_t i = 0; i < never_fail.size(); ++i) {
    const auto to_the_end = static_cast<unsigned char>(never_fail.size() - i);
    filter.at(i + 1) =
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(never_fail.at(i)), to_the_end, 0);
  }
  filter.at(filter.size() - 2) = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  filter.at(filter.size() - 1) = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog compiled{.len = filter.size(), .filter = filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return static_cast<int>(
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &compiled));
}

// The program's first process hands over the listener. Its children, and the program that it
// executes, have the filter from it.
void hand_over_listener() {
  if (control->listener != 0) return;
  const int listener = listener_for_system_calls();
  control->listener = listener;
  if (listener < 0) ::_exit(127);
  while (!control->listener_taken)
    ::sched_yield();
  ::close(listener);
}

int marked_main(int argc, char** argv, char** environment) {
  control = shared_control();
  if (control == nullptr) ::_exit(127);
  if (control->traps_system_calls) hand_over_listener();
  control->in_main = true;
  begin_to_load();
  return program(argc, argv, environment);
}

}  // namespace

extern "C" {

// The program's first instructions call this, and it calls main().
int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*rtld_fini)(), void* stack_end) {
  program = main;
  const auto next =
      reinterpret_cast<decltype(&__libc_start_main)>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return next(marked_main, argc, argv, init, fini, rtld_fini, stack_end);
}

int fcntl(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const long argument = va_arg(arguments, long);
  va_end(arguments);
  if (loads && command == F_SETFD) begin_to_load();
  return static_cast<int>(::syscall(SYS_fcntl, descriptor, command, argument));
}

int stat(const char* path, struct stat* status) noexcept {
  if (control != nullptr && !loads &&
      std::string_view(path).ends_with(injection::configuration_name))
    begin_to_load();
  return ::fstatat(AT_FDCWD, path, status, 0);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  have_loaded();
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

void* malloc(std::size_t size) noexcept {
  return fails() ? nullptr : __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) noexcept {
  return fails() ? nullptr : __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) noexcept {
  return fails() ? nullptr : __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
  void* memory = memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *result = memory;
  return 0;
}
}
