#pragma once

#include <boost/intrusive/set.hpp>

#include "coro/descriptor.hpp"
#include "coro/timer.hpp"

namespace coro::detail {

/// The timers of a scheduler by the order in which they are due, and the one descriptor by which
/// the kernel says that the first of them is (timerfd_create(2)).
class TimerQueue {
 public:
  /// Throws boost::system::system_error if the system has no room for it.
  TimerQueue();

  bool empty() const { return timers_.empty(); }
  void insert(Timer& timer) { timers_.insert(timer); }

  /// To be called before waiting for descriptor(): has it become readable when the first is due.
  /// Costs a system call only if that one is due before what was asked for last, and throws
  /// boost::system::system_error if it fails.
  void arm();
  /// Call it when descriptor() has become readable: timers that are due expire, in their order.
  /// Timers that are set meanwhile do not expire before the next call.
  void expire();

  /// Watch it edge-triggered: it is never read.
  int descriptor() const { return descriptor_.number(); }

 private:
  using Timers = boost::intrusive::multiset<Timer, boost::intrusive::constant_time_size<false>>;

  Descriptor descriptor_;
  Timers timers_;
  // An earlier one may have been stopped since: then that was for nothing.
  Clock::time_point armed_for_ = Clock::time_point::max();
};

}  // namespace coro::detail
