#include "coro/time_limit.hpp"

#include "coro/scheduler.hpp"

namespace coro {

TimeLimit::TimeLimit(Yield yield, Clock::duration duration)
    : waiter_(&yield.waiter()), timer_(yield.scheduler(), [this] { expire(); }) {
  timer_.expire_at(from_now(duration));
}

TimeLimit::~TimeLimit() {
  if (expired_) --waiter_->expired_limits_;
}

void TimeLimit::expire() {
  expired_ = true;
  ++waiter_->expired_limits_;
  waiter_->scheduler().abort(*waiter_);
}

}  // namespace coro
