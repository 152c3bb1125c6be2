#include "coro/yield.hpp"

#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"
#include "coro/timer.hpp"

namespace coro {

Task Yield::task() const {
  return Task(*fiber_);
}

void Yield::now() const {
  fiber_->suspend_then([this] { fiber_->wake(false); });
}

error_code sleep_until(Yield yield, Clock::time_point when) {
  detail::Fiber& fiber = yield.fiber();
  Timer timer(yield.scheduler(), [&fiber] { fiber.wake(false); });
  timer.expire_at(when);
  const bool aborted = fiber.suspend_until_woken([&] {
    timer.stop();
    fiber.wake(true);
  });
  return aborted ? error_code(boost::asio::error::operation_aborted) : error_code();
}

error_code sleep_for(Yield yield, Clock::duration duration) {
  return sleep_until(yield, from_now(duration));
}

}  // namespace coro
