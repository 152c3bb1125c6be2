#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "coro/detail/timer_queue.hpp"
#include "coro/io.hpp"

namespace coro {
class Readiness;
}

namespace coro::detail {

/// Tells which of many descriptors are ready and when a timer is due, by an epoll instance of its
/// own (epoll(7)) in which a descriptor is registered once, however often it is waited for. Asio
/// registers anew for each wait, a system call that an echo would notice. The scheduler sleeps here
/// while its io_context has nothing under way, and otherwise there, where this one descriptor is
/// watched.
class Poller {
 public:
  /// Throws boost::system::system_error if the system has no room for it.
  Poller(boost::asio::io_context& context, TimerQueue& timers);

  /// Whether a descriptor is waited for or observed, or a timer is pending: that is what poll() and
  /// sleep() are about, and without it they return at once.
  bool has_work() const { return waiting_ > 0 || !timers_.empty(); }

  /// Both throw boost::system::system_error if epoll_wait(2) fails, or a timer cannot be set: who
  /// went on then would be deaf.

  /// Queues the coroutines whose descriptors are ready, for at most `limit` descriptors, and
  /// expires the timers that are due; returns how many descriptors those were. Does not block.
  std::size_t poll(std::size_t limit) { return wait(limit, 0); }
  /// The same, but blocks until there is something; a signal may end it without.
  /// For at most that many milliseconds, -1 = for ever.
  std::size_t sleep(std::size_t limit, int milliseconds = -1) { return wait(limit, milliseconds); }

  /// To be called before the io_context blocks: it returns when there is something for poll(), and
  /// runs out of work when there cannot be. False if there is no memory for that.
  bool wake_context();

  /// Whether it was this that ended the io_context's wait, since poll() was called last.
  bool has_woken_context() const { return has_woken_; }

 private:
  friend class coro::Readiness;

  std::size_t wait(std::size_t limit, int timeout);
  // Blocks until the unregistered descriptor or anything else is ready. Returns how many
  // descriptors were ready if nothing else is, 0 or 1; otherwise all are registered now.
  std::optional<std::size_t> wait_beside_unregistered(int timeout);
  void register_all();
  // Calls epoll_ctl(2) to watch the descriptor for `events`; returns its errno or 0.
  int control(int operation, int descriptor, std::uint32_t events, Readiness* readiness);

  static constexpr std::size_t most_at_once = 128;

  TimerQueue& timers_;
  boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
  std::array<epoll_event, most_at_once> events_{};
  std::size_t waiting_ = 0;            // coroutines and observers
  Readiness* unregistered_ = nullptr;  // somebody waits for it, though epoll does not know it
  bool wakes_ = false;                 // the io_context watches
  bool has_woken_ = false;
};

}  // namespace coro::detail
