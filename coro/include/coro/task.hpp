#pragma once

#include <cstdint>

#include "coro/detail/fiber.hpp"
#include "coro/yield.hpp"

namespace coro {

/// A handle to a spawned coroutine: copy it, keep it, drop it. The scheduler owns the coroutine; a
/// Task may outlive the coroutine but not the scheduler. A default Task is done.
class Task {
 public:
  Task() = default;

  /// Whether its function has ended, by itself or by an exception.
  bool done() const { return fiber_ == nullptr || fiber_->serial_ != serial_; }

  /// Ends the operation that it waits in, or else the next one that it starts, with
  /// operation_aborted. The coroutine decides what follows. Nothing happens when it is done.
  void cancel() const {
    if (!done()) fiber_->cancel();
  }

  /// Waits until it is done. operation_aborted if the one who waits is cancelled meanwhile.
  error_code join(Yield yield) const;

 private:
  friend class Scheduler;
  friend class Yield;
  explicit Task(detail::Fiber& fiber) : fiber_(&fiber), serial_(fiber.serial_) {}

  detail::Fiber* fiber_ = nullptr;
  std::uint64_t serial_ = 0;
};

}  // namespace coro
