#include "coro/task.hpp"

#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"

namespace coro {

error_code Task::join(Yield yield) const {
  if (done()) return {};
  detail::Fiber& fiber = yield.fiber();
  error_code result;
  detail::Fiber::Joiner joiner(fiber);
  const auto abort = [&] {
    result = boost::asio::error::operation_aborted;
    joiner.unlink();
    fiber.wake(true);
  };
  fiber.suspend_then([&] {
    fiber_->joiners_.push_back(joiner);
    fiber.abort_by(abort);
  });
  return result;
}

}  // namespace coro
