#include "coro/detail/timer_queue.hpp"

#include <poll.h>
#include <sys/timerfd.h>

#include <chrono>

#include "tests/unit/coro/test_support.hpp"

namespace coro::detail {
namespace {

// When the kernel was asked to say that a timer is due; zero if it was not.
std::chrono::nanoseconds asked_for(const TimerQueue& queue) {
  itimerspec left{};
  EXPECT_EQ(::timerfd_gettime(queue.descriptor(), &left), 0);
  return std::chrono::seconds(left.it_value.tv_sec) +
         std::chrono::nanoseconds(left.it_value.tv_nsec);
}

TEST(TimerQueue, AsksTheKernelForTheFirstThatIsDueWhenItIsArmed) {
  Scheduler scheduler;
  TimerQueue& queue = scheduler.timers();
  Timer late(scheduler, [] {});
  Timer early(scheduler, [] {});
  late.expire_at(from_now(2h));
  early.expire_at(from_now(1h));
  EXPECT_EQ(asked_for(queue), 0ns);
  queue.arm();
  EXPECT_LE(asked_for(queue), 1h);
  EXPECT_GT(asked_for(queue), 50min);
}

TEST(TimerQueue, AsksForAnEarlierOneAnewAndForNoneThatIsStopped) {
  Scheduler scheduler;
  TimerQueue& queue = scheduler.timers();
  Timer late(scheduler, [] {});
  Timer early(scheduler, [] {});
  late.expire_at(from_now(2h));
  queue.arm();
  early.expire_at(from_now(1h));
  queue.arm();
  EXPECT_LE(asked_for(queue), 1h);
  early.stop();
  queue.arm();  // a wake-up too many is cheaper than a system call for each timer that is stopped
  EXPECT_LE(asked_for(queue), 1h);
  queue.expire();
  queue.arm();
  EXPECT_GT(asked_for(queue), 1h);
}

TEST(TimerQueue, BecomesReadableWhenATimerOfThePastIsArmed) {
  Scheduler scheduler;
  int expired = 0;
  Timer timer(scheduler, [&] { ++expired; });
  timer.expire_at(Clock::time_point::min());
  scheduler.timers().arm();
  pollfd waiting{.fd = scheduler.timers().descriptor(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&waiting, 1, -1), 1);
  scheduler.timers().expire();
  EXPECT_EQ(expired, 1);
  EXPECT_TRUE(scheduler.timers().empty());
}

}  // namespace
}  // namespace coro::detail
