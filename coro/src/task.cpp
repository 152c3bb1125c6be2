#include "coro/task.hpp"

#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"

namespace coro {

error_code Task::join(Yield yield) const {
  if (done()) return {};
  detail::Fiber& fiber = yield.fiber();
  detail::Fiber::Joiner joiner(fiber);
  fiber_->joiners_.push_back(joiner);
  const bool aborted = fiber.suspend_until_woken([&] {
    joiner.unlink();
    fiber.wake(true);
  });
  return aborted ? error_code(boost::asio::error::operation_aborted) : error_code();
}

}  // namespace coro
