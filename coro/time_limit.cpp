#include "coro/time_limit.hpp"

#include <utility>

#include "coro/scheduler.hpp"

namespace coro {
namespace {

std::uint64_t next_serial() {
  thread_local std::uint64_t serial = 0;
  return ++serial;
}

}  // namespace

TimeLimit::TimeLimit(Yield yield, Clock::duration duration)
    : waiter_(&yield.waiter()),
      outer_(std::exchange(waiter_->innermost_limit_, this)),
      serial_(next_serial()),
      timer_(yield.executor(), duration) {
  // The handler may already be queued when this object goes: it looks for the limit by number.
  timer_.async_wait([waiter = waiter_, serial = serial_](error_code error) {
    if (!error) expire(*waiter, serial);
  });
}

TimeLimit::~TimeLimit() {
  waiter_->innermost_limit_ = outer_;
  if (expired_) --waiter_->expired_limits_;
}

void TimeLimit::expire(Waiter& waiter, std::uint64_t serial) {
  TimeLimit* limit = waiter.innermost_limit_;
  while (limit != nullptr && limit->serial_ != serial)
    limit = limit->outer_;
  if (limit == nullptr) return;
  limit->expired_ = true;
  ++waiter.expired_limits_;
  waiter.scheduler().abort(waiter);
}

}  // namespace coro
