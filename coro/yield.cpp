#include "coro/yield.hpp"

#include "coro/scheduler.hpp"

namespace coro {

Executor Yield::executor() const {
  return scheduler().executor();
}

void Yield::now() const {
  waiter_->suspend_then([this] { waiter_->wake(false); });
}

error_code sleep_for(Yield yield, Clock::duration duration) {
  Timer timer(yield.executor(), duration);
  const auto [error] = timer.async_wait(yield);
  return error;
}

}  // namespace coro
