#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace coro {

class Scheduler;

namespace detail {

/// Lets a report of a stack overflow in this thread find the scheduler that runs here. It lives as
/// long as Scheduler::run().
class OverflowWatch {
 public:
  explicit OverflowWatch(const Scheduler& scheduler);
  ~OverflowWatch();
  OverflowWatch(const OverflowWatch&) = delete;
  OverflowWatch& operator=(const OverflowWatch&) = delete;
  OverflowWatch(OverflowWatch&&) = delete;
  OverflowWatch& operator=(OverflowWatch&&) = delete;

 private:
  // With room for a handler that takes over after the report.
  using SignalStack = std::array<std::byte, std::size_t{32} << 10U>;

  const Scheduler* before_;  // a scheduler may run inside a coroutine of another one
  // The handler's own stack, since the coroutine's is used up. Null if nothing is reported, or if
  // the thread has one.
  std::unique_ptr<SignalStack> stack_;
};

}  // namespace detail
}  // namespace coro
