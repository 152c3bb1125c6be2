#pragma once

#include <sys/epoll.h>

#include <cstdint>

#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace coro {

namespace detail {
class Poller;
}

/// When the kernel reports a descriptor, in the terms of epoll(7): as long as it is ready, or when
/// something happens to it. The second costs the kernel less.
enum class Trigger : bool { level, edge };

/// Lets coroutines wait until a descriptor is ready: one that reads and one that writes at a time.
///
///     Readiness readiness(yield.scheduler(), descriptor);
///     while (!readiness.wait_readable(yield)) { read what is there }
///
/// Level-triggered: who waits and leaves some of what is there unread is woken again. The
/// descriptor is registered with the kernel once; what nobody waits for any more is given up only
/// when it happens, so that an echo after the other costs no registration. The descriptor must stay
/// open as long as this object lives, and need not be non-blocking.
class Readiness {
 public:
  /// Hears when there is something to read, for a coroutine that serves many descriptors.
  class Observer {
   public:
    virtual ~Observer() = default;

    /// Called when there is something to read, the other end has closed, or the connection is
    /// broken, again and again until it is read. Other descriptors' turn is still to come: this
    /// must not destroy, resume or throw anything, but may notify a Condition.
    virtual void became_readable() = 0;
  };

  Readiness(Scheduler& scheduler, int descriptor)
      : Readiness(scheduler, descriptor, Trigger::level) {}
  /// Nobody may wait any more: cancel() first.
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  Readiness(Readiness&&) = delete;
  Readiness& operator=(Readiness&&) = delete;

  /// Suspends until there is something to read, the other end has closed, or the connection is
  /// broken: to read tells. operation_aborted if cancelled meanwhile; otherwise an error is one of
  /// epoll_ctl(2), EPERM for a regular file, which is always ready.
  error_code wait_readable(Yield yield);
  /// The same until there is room to write, or the connection is broken.
  error_code wait_writable(Yield yield);

  /// As wait_readable(), for a socket that sends datagrams and that nearly all that happens here
  /// comes to: it is not registered meanwhile. Each datagram that a registered socket sends makes
  /// the kernel look for who waits for room, which costs a twentieth of an echo. As soon as
  /// anything else happens the socket is registered(), and then wait_readable() costs less. One
  /// socket at a time; another one is registered at once.
  error_code wait_readable_unregistered(Yield yield);
  /// Whether the kernel reports what happens to the descriptor.
  bool registered() const { return watched_ != 0; }

  /// From now on this observer hears when there is something to read, instead of a coroutine that
  /// waits for it; null ends that. For one coroutine that serves very many, whose stacks would not
  /// stay in the cache. The observer must outlive that time. An error is one of epoll_ctl(2), and
  /// nothing has changed then.
  error_code observe_readable(Observer* observer);

  /// Ends the waits in progress with operation_aborted.
  void cancel();

 private:
  friend class detail::Poller;
  friend class Stream;

  // Edge-triggered, it keeps its promises if its owner calls left_some() and left_nothing().
  Readiness(Scheduler& scheduler, int descriptor, Trigger trigger);

  // `waiting` is one of the two below, `event` what it waits for. This and watch_for() return an
  // errno, 0 without an error: an error_code is three words to write and to copy, which each echo
  // would pay for.
  int wait(detail::Fiber*& waiting, std::uint32_t event, Yield yield);
  int wait_for(detail::Fiber*& waiting, Yield yield);  // whether or not it is registered
  void leave(detail::Fiber*& waiting);
  void became(std::uint32_t events);
  [[gnu::noinline]] void became_any(std::uint32_t events);
  void wake(detail::Fiber*& waiting, bool aborted);
  int watch_for(std::uint32_t events);
  // A read may not have taken all that there is: the next wait asks the kernel anew.
  void left_some() {
    if (always_ != 0) watched_ &= ~EPOLLIN;
  }
  // A read has found nothing: the kernel will report what comes.
  void left_nothing() {
    if (watched_ != 0) watched_ |= always_ & EPOLLIN;
  }

  detail::Poller& poller_;
  int descriptor_;
  // The events that the kernel will report without another request; 0 = not registered.
  std::uint32_t watched_ = 0;
  // The events for which an edge-triggered descriptor is always registered; 0 = level-triggered.
  std::uint32_t always_;
  detail::Fiber* reader_ = nullptr;
  detail::Fiber* writer_ = nullptr;
  Observer* observer_ = nullptr;  // instead of a reader
};

}  // namespace coro
