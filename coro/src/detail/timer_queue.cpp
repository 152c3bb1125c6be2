#include "coro/detail/timer_queue.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <chrono>

#include "coro/error.hpp"

namespace coro::detail {
namespace {

using std::chrono::nanoseconds;

// Clock is CLOCK_MONOTONIC. Zero would disarm.
timespec to_timespec(Clock::time_point time) {
  constexpr auto second = nanoseconds(std::chrono::seconds(1)).count();
  const auto since = std::max(nanoseconds(time.time_since_epoch()), nanoseconds(1)).count();
  return {.tv_sec = since / second, .tv_nsec = since % second};
}

}  // namespace

TimerQueue::TimerQueue()
    : descriptor_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                          "timerfd_create")) {}

void TimerQueue::arm() {
  if (timers_.empty() || timers_.begin()->expiry() >= armed_for_) return;
  const auto first = timers_.begin()->expiry();
  const itimerspec once{.it_interval = {}, .it_value = to_timespec(first)};
  checked(::timerfd_settime(descriptor_.number(), TFD_TIMER_ABSTIME, &once, nullptr),
          "timerfd_settime");
  armed_for_ = first;
}

void TimerQueue::expire() {
  armed_for_ = Clock::time_point::max();
  const auto now = Clock::now();
  Timers due;
  while (!timers_.empty() && timers_.begin()->expiry() <= now) {
    Timer& timer = *timers_.begin();
    timer.stop();
    due.insert(due.end(), timer);
  }
  while (!due.empty()) {
    Timer& timer = *due.begin();
    timer.stop();
    timer.on_expiry_();
  }
}

}  // namespace coro::detail
