#include "coro/task.hpp"

#include <boost/asio/error.hpp>

#include "coro/scheduler.hpp"

namespace coro {

error_code Task::join(Yield yield) const {
  if (done()) return {};
  Waiter& waiter = yield.waiter();
  error_code result;
  Waiter::Joiner joiner(waiter);
  const auto abort = [&] {
    result = boost::asio::error::operation_aborted;
    joiner.unlink();
    waiter.wake(true);
  };
  waiter.suspend_then([&] {
    waiter_->joiners_.push_back(joiner);
    waiter.abort_by(abort);
  });
  return result;
}

}  // namespace coro
