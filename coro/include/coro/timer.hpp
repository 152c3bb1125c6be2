#pragma once

#include <boost/intrusive/set_hook.hpp>
#include <functional>

#include "coro/io.hpp"

namespace coro {

class Scheduler;
namespace detail {
class TimerQueue;
}

/// Calls a function when a time has come, unless it is stopped or destroyed before:
///
///     Timer timer(scheduler, [&] { late.notify_all(); });
///     timer.expire_at(Clock::now() + 3s);
///
/// While it is pending it keeps the scheduler running. The function runs on the thread's own stack;
/// it must not suspend, nor destroy this timer. To set one is a matter of memory: the kernel is
/// told when the scheduler goes to sleep, and only of the first that is due.
class Timer : public boost::intrusive::set_base_hook<
                  boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Not pending. The scheduler must outlive it.
  Timer(Scheduler& scheduler, std::function<void()> on_expiry);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  Timer(Timer&&) = delete;
  Timer& operator=(Timer&&) = delete;
  ~Timer() = default;  // leaves the queue

  /// Sets it, also if it was set already. A time that has passed is due at once.
  void expire_at(Clock::time_point when);
  void stop() { unlink(); }
  /// Set, and neither expired nor stopped since.
  bool pending() const { return is_linked(); }
  Clock::time_point expiry() const { return expiry_; }

  friend bool operator<(const Timer& left, const Timer& right) {
    return left.expiry_ < right.expiry_;
  }

 private:
  friend class detail::TimerQueue;

  detail::TimerQueue& queue_;
  std::function<void()> on_expiry_;
  Clock::time_point expiry_;
};

/// This far from now; the end of time if that is beyond it.
Clock::time_point from_now(Clock::duration duration);

}  // namespace coro
