#include "server/scheduler_lag.hpp"

#include <chrono>

#include "coro/io.hpp"

namespace server {

void measure_scheduler_lag(LatencyHistogram& lag, coro::Yield yield) {
  coro::Timer timer(yield.executor());
  for (;;) {
    timer.expires_after(std::chrono::milliseconds(250));
    const auto [error] = timer.async_wait(yield);
    if (error) return;
    lag.count(coro::Clock::now() - timer.expiry());
  }
}

}  // namespace server
