#include "coro/task.hpp"

#include "coro/condition.hpp"

namespace coro {

error_code Task::join(Yield yield) const {
  if (done()) return {};
  if (!waiter_->ended_) waiter_->ended_ = std::make_unique<Condition>();
  return waiter_->ended_->wait(yield, [this] { return done(); });
}

}  // namespace coro
