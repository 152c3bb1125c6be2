#pragma once

#include <concepts>

#include "coro/detail/fiber.hpp"
#include "coro/yield.hpp"

namespace coro {

/// Coroutines wait here until another one notifies them that something has changed. As with
/// std::condition_variable the state itself is elsewhere, but no lock is needed: only one coroutine
/// runs. Notifying does not switch: those who waited run after the notifier suspends, in the order
/// they came.
class Condition {
 public:
  Condition() = default;
  /// Nobody may be waiting who is still to be resumed.
  ~Condition() { waiting_.clear(); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;
  Condition(Condition&&) = delete;
  Condition& operator=(Condition&&) = delete;

  /// Suspends until notified. operation_aborted if cancelled meanwhile.
  error_code wait(Yield yield);

  /// Suspends until holds() is true, which is asked now and after each notification.
  template <std::predicate Predicate>
  error_code wait(Yield yield, Predicate holds) {
    while (!holds())
      if (const error_code error = wait(yield)) return error;
    return {};
  }

  void notify_one();
  void notify_all();

 private:
  detail::FiberQueue waiting_;
};

}  // namespace coro
