#include "coro/time_limit.hpp"

#include "coro/scheduler.hpp"

namespace coro {

TimeLimit::TimeLimit(Yield yield, Clock::duration duration)
    : fiber_(&yield.fiber()), timer_(yield.scheduler(), [this] { expire(); }) {
  timer_.expire_at(from_now(duration));
}

TimeLimit::~TimeLimit() {
  if (expired_) --fiber_->expired_limits_;
}

void TimeLimit::expire() {
  expired_ = true;
  ++fiber_->expired_limits_;
  fiber_->scheduler().abort(*fiber_);
}

}  // namespace coro
