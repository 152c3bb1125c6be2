#include "coro/condition.hpp"

#include <boost/asio/error.hpp>

namespace coro {

error_code Condition::wait(Yield yield) {
  detail::Fiber& fiber = yield.fiber();
  waiting_.push_back(fiber);
  const bool aborted = fiber.suspend_until_woken([&] { fiber.wake(true); });
  return aborted ? error_code(boost::asio::error::operation_aborted) : error_code();
}

void Condition::notify_one() {
  if (!waiting_.empty()) waiting_.front().wake(false);
}

void Condition::notify_all() {
  while (!waiting_.empty())
    notify_one();
}

}  // namespace coro
