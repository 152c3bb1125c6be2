#include "coro/readiness.hpp"

#include <sys/epoll.h>

#include <boost/asio/error.hpp>
#include <utility>

#include "coro/poller.hpp"
#include "coro/scheduler.hpp"

namespace coro {
namespace {

// epoll(7) reports these whether or not they are asked for. Both sides are to hear of them.
constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;

}  // namespace

Readiness::Readiness(Scheduler& scheduler, int descriptor)
    : poller_(scheduler.poller()),
      descriptor_(descriptor),
      reading_{.event = EPOLLIN},
      writing_{.event = EPOLLOUT} {}

Readiness::~Readiness() {
  // Somebody may still wait only where the scheduler itself is being destroyed.
  leave(reading_);
  leave(writing_);
  static_cast<void>(watch_for(0));
}

error_code Readiness::wait(Side& side, Yield yield) {
  Waiter& waiter = yield.waiter();
  error_code result;
  const auto abort = [&] {
    result = boost::asio::error::operation_aborted;
    leave(side);
    waiter.wake(true);
  };
  waiter.suspend_then([&] {
    if ((watched_ & side.event) == 0) result = watch_for(watched_ | side.event);
    if (result) return waiter.wake(false);
    side.waiter = &waiter;
    ++poller_.waiting_;
    waiter.abort_by(abort);
  });
  return result;
}

void Readiness::cancel() {
  for (const Side* side : {&reading_, &writing_}) {
    if (side->waiter != nullptr) side->waiter->cancel();
  }
}

void Readiness::leave(Side& side) {
  if (std::exchange(side.waiter, nullptr) != nullptr) --poller_.waiting_;
}

// What somebody waits for wakes that one. What nobody waits for would be reported for ever.
void Readiness::became(std::uint32_t events) {
  const std::uint32_t waited_for = (reading_.waiter != nullptr ? reading_.event : 0) |
                                   (writing_.waiter != nullptr ? writing_.event : 0);
  const bool surprise = waited_for == 0 || (events & ~broken & ~waited_for) != 0;
  wake_if(events & (reading_.event | broken), reading_);
  wake_if(events & (writing_.event | broken), writing_);
  if (surprise) static_cast<void>(watch_for(waited_for));
}

void Readiness::wake_if(std::uint32_t events, Side& side) {
  if (events == 0 || side.waiter == nullptr) return;
  Waiter& waiter = *side.waiter;
  leave(side);
  waiter.wake(false);
}

error_code Readiness::watch_for(std::uint32_t events) {
  if (events == watched_) return {};
  const int operation = events == 0 ? EPOLL_CTL_DEL : watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  const error_code error = poller_.control(operation, descriptor_, events, this);
  if (!error) watched_ = events;
  return error;
}

}  // namespace coro
