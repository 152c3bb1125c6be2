#include "tests/injection/system_calls.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>

#include "tests/service/patience.hpp"

namespace injection {
namespace {

struct KnownCall {
  int number;
  const char* name;
  int error;
};

// The error is one that a system short of something returns, or a device; where there is none, what
// a sandbox returns.
constexpr std::array known_calls = {
    KnownCall{SYS_accept4, "accept4", EMFILE},
    KnownCall{SYS_bind, "bind", EADDRINUSE},
    KnownCall{SYS_chdir, "chdir", ENOENT},
    KnownCall{SYS_clone, "clone", EAGAIN},
    KnownCall{SYS_clone3, "clone3", EAGAIN},
    KnownCall{SYS_close_range, "close_range", ENOMEM},
    KnownCall{SYS_connect, "connect", ECONNREFUSED},
    KnownCall{SYS_dup3, "dup3", EMFILE},
    KnownCall{SYS_epoll_create1, "epoll_create1", EMFILE},
    KnownCall{SYS_epoll_ctl, "epoll_ctl", ENOSPC},
    KnownCall{SYS_epoll_pwait, "epoll_pwait", EINVAL},
    KnownCall{SYS_eventfd2, "eventfd2", EMFILE},
    KnownCall{SYS_fcntl, "fcntl", EMFILE},
    KnownCall{SYS_flock, "flock", ENOLCK},
    KnownCall{SYS_fstat, "fstat", EIO},
    KnownCall{SYS_ftruncate, "ftruncate", ENOSPC},
    KnownCall{SYS_ioctl, "ioctl", ENOTTY},
    KnownCall{SYS_linkat, "linkat", ENOSPC},
    KnownCall{SYS_listen, "listen", EADDRINUSE},
    KnownCall{SYS_lseek, "lseek", ESPIPE},
    KnownCall{SYS_madvise, "madvise", ENOMEM},
    KnownCall{SYS_memfd_create, "memfd_create", EMFILE},
    KnownCall{SYS_mmap, "mmap", ENOMEM},
    KnownCall{SYS_mprotect, "mprotect", ENOMEM},
    KnownCall{SYS_newfstatat, "newfstatat", EIO},
    KnownCall{SYS_openat, "openat", EMFILE},
    KnownCall{SYS_pidfd_open, "pidfd_open", EMFILE},
    KnownCall{SYS_pipe2, "pipe2", EMFILE},
    KnownCall{SYS_ppoll, "ppoll", ENOMEM},
    KnownCall{SYS_pread64, "pread64", EIO},
    KnownCall{SYS_prlimit64, "prlimit64", EPERM},
    KnownCall{SYS_read, "read", EIO},
    KnownCall{SYS_readv, "readv", EIO},
    KnownCall{SYS_recvfrom, "recvfrom", ENOMEM},
    KnownCall{SYS_recvmmsg, "recvmmsg", ENOMEM},
    KnownCall{SYS_recvmsg, "recvmsg", ENOMEM},
    KnownCall{SYS_sendmmsg, "sendmmsg", ENOBUFS},
    KnownCall{SYS_sendmsg, "sendmsg", ENOBUFS},
    KnownCall{SYS_sendto, "sendto", ENOBUFS},
    KnownCall{SYS_setsockopt, "setsockopt", ENOPROTOOPT},
    KnownCall{SYS_getsockopt, "getsockopt", ENOPROTOOPT},
    KnownCall{SYS_getsockname, "getsockname", ENOBUFS},
    KnownCall{SYS_shutdown, "shutdown", ENOTCONN},
    KnownCall{SYS_signalfd4, "signalfd4", EMFILE},
    KnownCall{SYS_socket, "socket", EMFILE},
    KnownCall{SYS_timerfd_create, "timerfd_create", EMFILE},
    KnownCall{SYS_timerfd_settime, "timerfd_settime", ECANCELED},
    KnownCall{SYS_unlinkat, "unlinkat", EROFS},
    KnownCall{SYS_write, "write", ENOSPC},
    KnownCall{SYS_writev, "writev", ENOSPC},
    KnownCall{SYS_execve, "execve", ENOMEM},
    KnownCall{SYS_fchdir, "fchdir", EACCES},
    KnownCall{SYS_fchmod, "fchmod", EROFS},
    KnownCall{SYS_fchmodat, "fchmodat", EROFS},
    KnownCall{SYS_getrandom, "getrandom", ENOSYS},
    KnownCall{SYS_rt_sigaction, "rt_sigaction", EPERM},
    KnownCall{SYS_setsid, "setsid", EPERM},
    KnownCall{SYS_wait4, "wait4", ECHILD},
    KnownCall{SYS_waitid, "waitid", ECHILD},
#ifdef SYS_epoll_wait  // an architecture that has these has them beside those above
    KnownCall{SYS_chmod, "chmod", EROFS},
    KnownCall{SYS_dup2, "dup2", EMFILE},
    KnownCall{SYS_epoll_wait, "epoll_wait", EINVAL},
    KnownCall{SYS_fork, "fork", EAGAIN},
    KnownCall{SYS_link, "link", ENOSPC},
    KnownCall{SYS_lstat, "lstat", EIO},
    KnownCall{SYS_open, "open", EMFILE},
    KnownCall{SYS_poll, "poll", ENOMEM},
    KnownCall{SYS_rename, "rename", EROFS},
    KnownCall{SYS_stat, "stat", EIO},
    KnownCall{SYS_unlink, "unlink", EROFS},
#endif
};

service::FileDescriptor taken_listener(pid_t program, Control& control) {
  const auto deadline = service::Clock::now() + service::patience;
  while (control.listener == 0) {
    if (service::Clock::now() > deadline) throw std::runtime_error("main() does not begin");
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  if (control.listener < 0) throw std::runtime_error("no listener for system calls");
  const service::FileDescriptor process(static_cast<int>(syscall(SYS_pidfd_open, program, 0)),
                                        "pidfd_open");
  const int number = control.listener;
  return {static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), number, 0)), "pidfd_getfd"};
}

}  // namespace

std::string name_of(int call) {
  if (call == allocation) return "allocation";
  const auto* const known = std::ranges::find(known_calls, call, &KnownCall::number);
  return known == known_calls.end() ? "system call " + std::to_string(call) : known->name;
}

int plausible_error(int call) {
  const auto* const known = std::ranges::find(known_calls, call, &KnownCall::number);
  return known == known_calls.end() ? EPERM : known->error;
}

SystemCalls::SystemCalls(pid_t program, Control& control)
    : program_(program),
      control_(control),
      listener_(taken_listener(program, control)),
      stop_(eventfd(0, EFD_CLOEXEC), "eventfd"),
      thread_([this] { answer_all(); }) {
  control.listener_taken = true;
}

SystemCalls::~SystemCalls() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void SystemCalls::begin_phase(const FailingCall& failing) {
  const std::lock_guard lock(mutex_);
  counts_.clear();
  if (failing.occurrence != 0 || !failing_.for_good) failing_ = failing;
}

std::map<int, std::uint64_t> SystemCalls::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::uint64_t SystemCalls::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

bool SystemCalls::failed_after_execution() const {
  const std::lock_guard lock(mutex_);
  return failed_after_execution_;
}

void SystemCalls::answer_all() {
  std::array<pollfd, 2> events = {pollfd{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
  for (;;) {
    if (poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
    if (events[1].revents != 0 || (events[0].revents & (POLLHUP | POLLERR)) != 0) return;
    if ((events[0].revents & POLLIN) == 0) continue;
    seccomp_notif call{};
    if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) continue;  // it was killed
    seccomp_notif_resp answer{.id = call.id, .val = 0, .error = -error_for(call), .flags = 0};
    if (answer.error == 0) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
  }
}

// 0: it goes on.
int SystemCalls::error_for(const seccomp_notif& notified) {
  const std::lock_guard lock(mutex_);
  const auto process = static_cast<pid_t>(notified.pid);
  if (!control_.in_main || others_.contains(process)) return 0;
  const int call = notified.data.nr;
  const std::uint64_t number = ++counts_[call];
  const bool meant = call == failing_.call && failing_.occurrence != 0;
  if (meant && (failed_ > 0 ? failing_.for_good : number >= failing_.occurrence)) {
    if (failed_++ == 0) failed_after_execution_ = executed_;
    return failing_.error;
  }
  if (call == SYS_execve) executes(process);
  return 0;
}

void SystemCalls::executes(pid_t process) {
  if (process != program_) {
    others_.insert(process);
    return;
  }
  executed_ = true;
  control_.in_main = false;
}

}  // namespace injection
