#pragma once

#include "coro/timer.hpp"
#include "coro/yield.hpp"

namespace coro {

/// A deadline for everything that a coroutine does while this object is in scope:
///
///     TimeLimit limit(yield, 3s);
///     auto [error, size] = boost::asio::async_read(socket, buffer, yield);
///     if (limit.expired()) ...
///
/// Once it is due, the operation in progress and every further one end with operation_aborted,
/// until the scope is left. Limits nest. Operations that cannot be cancelled run to their end:
/// spawn those and put the limit around Task::join().
class TimeLimit {
 public:
  TimeLimit(Yield yield, Clock::duration duration);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  TimeLimit(TimeLimit&&) = delete;
  TimeLimit& operator=(TimeLimit&&) = delete;

  bool expired() const { return expired_; }

 private:
  void expire();

  detail::Fiber* fiber_;
  Timer timer_;
  bool expired_ = false;
};

}  // namespace coro
