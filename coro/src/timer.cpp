#include "coro/timer.hpp"

#include <utility>

#include "coro/scheduler.hpp"

namespace coro {

Timer::Timer(Scheduler& scheduler, std::function<void()> on_expiry)
    : queue_(scheduler.timers()), on_expiry_(std::move(on_expiry)) {}

void Timer::expire_at(Clock::time_point when) {
  stop();
  expiry_ = when;
  queue_.insert(*this);
}

Clock::time_point from_now(Clock::duration duration) {
  const auto now = Clock::now();
  return duration > Clock::time_point::max() - now ? Clock::time_point::max() : now + duration;
}

}  // namespace coro
