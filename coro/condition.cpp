#include "coro/condition.hpp"

#include <boost/asio/error.hpp>

namespace coro {

error_code Condition::wait(Yield yield) {
  Waiter& waiter = yield.waiter();
  bool aborted = false;
  waiter.suspend_then([&] {
    waiting_.push_back(waiter);
    waiter.cancellation_slot().assign([&](boost::asio::cancellation_type) {
      aborted = true;
      waiter.wake(aborted);
    });
  });
  return aborted ? error_code(boost::asio::error::operation_aborted) : error_code();
}

void Condition::notify_one() {
  if (!waiting_.empty()) waiting_.front().wake(false);
}

void Condition::notify_all() {
  while (!waiting_.empty())
    notify_one();
}

}  // namespace coro
