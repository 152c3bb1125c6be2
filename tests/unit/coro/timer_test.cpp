#include "coro/timer.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using ::testing::ElementsAre;

TEST(Timer, ExpiresOnceWhenItsTimeHasComeAndNotBefore) {
  Scheduler scheduler;
  int times = 0;
  Clock::time_point expired;
  Timer timer(scheduler, [&] {
    ++times;
    expired = Clock::now();
  });
  timer.expire_at(Clock::now() + 3ms);
  EXPECT_TRUE(timer.pending());
  scheduler.run();
  EXPECT_EQ(times, 1);
  EXPECT_GE(expired, timer.expiry());
  EXPECT_FALSE(timer.pending());
}

TEST(Timer, ThatIsNotSetKeepsNobodyWaiting) {
  Scheduler scheduler;
  Timer timer(scheduler, [] { ADD_FAILURE(); });
  scheduler.run();
  EXPECT_FALSE(timer.pending());
}

TEST(Timer, OneAfterTheOtherExpireInTheOrderOfTheirTimesAndThenOfTheirSetting) {
  Scheduler scheduler;
  Events events;
  Timer last(scheduler, [&] { events.emplace_back("last"); });
  Timer second(scheduler, [&] { events.emplace_back("second"); });
  Timer third(scheduler, [&] { events.emplace_back("third"); });
  Timer first(scheduler, [&] { events.emplace_back("first"); });
  const auto now = Clock::now();
  last.expire_at(now + 3ms);
  second.expire_at(now + 2ms);
  third.expire_at(now + 2ms);
  first.expire_at(now + 1ms);
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("first", "second", "third", "last"));
}

TEST(Timer, ThatIsStoppedOrDestroyedDoesNotExpire) {
  Scheduler scheduler;
  Timer stopped(scheduler, [] { ADD_FAILURE() << "stopped"; });
  auto destroyed = std::make_unique<Timer>(scheduler, [] { ADD_FAILURE() << "destroyed"; });
  stopped.expire_at(Clock::now() + 1ms);
  destroyed->expire_at(Clock::now() + 1ms);
  stopped.stop();
  destroyed.reset();
  bool expired = false;
  Timer later(scheduler, [&] { expired = true; });
  later.expire_at(Clock::now() + 2ms);
  scheduler.run();
  EXPECT_TRUE(expired);
}

TEST(Timer, StopsAnotherThatIsDueAtTheSameTime) {
  Scheduler scheduler;
  std::optional<Timer> other;
  Timer timer(scheduler, [&] { other.reset(); });
  other.emplace(scheduler, [] { ADD_FAILURE(); });
  timer.expire_at(Clock::time_point::min());
  other->expire_at(Clock::time_point::min());
  scheduler.run();
}

TEST(Timer, SetAgainExpiresAtTheNewTimeOnly) {
  run([](Yield yield) {
    int times = 0;
    Timer timer(yield.scheduler(), [&times] { ++times; });
    timer.expire_at(from_now(forever));
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    timer.expire_at(from_now(1ms));  // earlier than the kernel was asked for
    EXPECT_EQ(sleep_until(yield, timer.expiry()), error_code());
    EXPECT_EQ(times, 1);

    timer.expire_at(from_now(1ms));
    const auto before = timer.expiry();
    timer.expire_at(from_now(forever));
    EXPECT_EQ(sleep_until(yield, before + 1ms), error_code());
    EXPECT_EQ(times, 1);
    timer.expire_at(from_now(1ms));
    EXPECT_EQ(sleep_until(yield, timer.expiry()), error_code());
    EXPECT_EQ(times, 2);
  });
}

TEST(Timer, OneThatItsExpirySetsAgainLetsOthersHaveTheirTurn) {
  run([](Yield yield) {
    Timer timer(yield.scheduler(), [&timer] { timer.expire_at(Clock::time_point::min()); });
    timer.expire_at(Clock::time_point::min());
    EXPECT_EQ(sleep_for(yield, 2ms), error_code());
  });
}

TEST(Timer, TheEndOfTimeIsAsFarAsItGoes) {
  EXPECT_EQ(from_now(Clock::duration::max()), Clock::time_point::max());
  EXPECT_LT(from_now(Clock::duration::min()), Clock::now());
  run([](Yield yield) {
    const auto sleeper = start(yield.scheduler(), [](Yield other) {
      EXPECT_EQ(sleep_for(other, Clock::duration::max()), error_code(aborted));
    });
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    sleeper.cancel();
  });
}

}  // namespace
}  // namespace coro
