#include "server/status/scheduler_lag.hpp"

#include <chrono>

#include "coro/timer.hpp"

namespace server {

void measure_scheduler_lag(program::Histogram& lag, coro::Yield yield) {
  for (;;) {
    const auto due = coro::from_now(std::chrono::milliseconds(250));
    if (coro::sleep_until(yield, due)) return;
    lag.record(coro::Clock::now() - due);
  }
}

}  // namespace server
