#include "coro/yield.hpp"

#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"
#include "coro/timer.hpp"

namespace coro {

Executor Yield::executor() const {
  return scheduler().executor();
}

void Yield::now() const {
  waiter_->suspend_then([this] { waiter_->wake(false); });
}

error_code sleep_until(Yield yield, Clock::time_point when) {
  Waiter& waiter = yield.waiter();
  error_code result;
  Timer timer(yield.scheduler(), [&waiter] { waiter.wake(false); });
  const auto abort = [&] {
    result = boost::asio::error::operation_aborted;
    timer.stop();
    waiter.wake(true);
  };
  waiter.suspend_then([&] {
    timer.expire_at(when);
    waiter.abort_by(abort);
  });
  return result;
}

error_code sleep_for(Yield yield, Clock::duration duration) {
  return sleep_until(yield, from_now(duration));
}

}  // namespace coro
