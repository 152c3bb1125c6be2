#pragma once

#include <sys/types.h>

#include <boost/system/result.hpp>
#include <csignal>
#include <initializer_list>

#include "coro/descriptor.hpp"
#include "coro/readiness.hpp"

namespace coro {

/// Signals that a coroutine waits for (signalfd(2)):
///
///     Signals signals(yield.scheduler(), {SIGTERM, SIGHUP});
///     while (const auto signal = signals.wait(yield)) handle(*signal);
///
/// As long as it exists they do nothing else to the process: they are blocked in the thread that
/// made it and in those that this thread starts. Of equal ones that come in quick succession one
/// may stand for several, as always with signals.
class Signals {
 public:
  /// Throws boost::system::system_error if the system has no room for it.
  Signals(Scheduler& scheduler, std::initializer_list<int> signals);
  /// Signals that have come and were not waited for are forgotten.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  Signals(Signals&&) = delete;
  Signals& operator=(Signals&&) = delete;

  /// The next signal; operation_aborted if cancelled meanwhile, and other errors are of the system:
  /// no signal will be heard any more. Of those that have come together
  /// the kernel tells the lowest number first, whichever was sent first, so this returns them all
  /// before it suspends: what acts upon one of them in a coroutine of its own does so after the
  /// others.
  boost::system::result<int> wait(Yield yield);

  /// The sender of a signal (signalfd(2)).
  struct Origin {
    bool kernel;    // as SIGHUP for a terminal that was closed
    pid_t process;  // 0 = the kernel, or a process outside of this PID namespace
  };
  /// Of the signal that wait() has returned last.
  Origin origin() const { return origin_; }

 private:
  boost::system::result<int> next();

  sigset_t signals_;
  sigset_t before_{};  // what was blocked already
  Descriptor descriptor_;
  Readiness readiness_;
  Origin origin_{};
};

}  // namespace coro
