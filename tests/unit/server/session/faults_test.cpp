#include "server/session/faults.hpp"

#include <gtest/gtest.h>

#include "coro/scheduler.hpp"

namespace {

using namespace std::chrono_literals;
using coro::Yield;
using server::Faults;
using server::FaultsConfig;

// Runs the function inside a coroutine.
template <typename Function>
void in_coroutine(Function function) {
  coro::Scheduler scheduler;
  scheduler.spawn("test", [&](Yield yield) { function(yield); }).value();
  scheduler.run();
}

TEST(Faults, ThereAreNoneUnlessAskedFor) {
  in_coroutine([](Yield yield) { EXPECT_EQ(Faults::make(FaultsConfig(), yield), nullptr); });
}

TEST(Faults, ResetsAlwaysOrNeverAtTheEndsOfTheScale) {
  in_coroutine([](Yield yield) {
    EXPECT_TRUE(Faults({.reset_probability = 1}, yield).resets());
    EXPECT_FALSE(Faults({.rate = 1}, yield).resets());
  });
}

TEST(Faults, ResetsAboutAsOftenAsItIsTold) {
  in_coroutine([](Yield yield) {
    int resets = 0;
    for (int n = 0; n < 10'000; ++n) {
      resets += Faults({.reset_probability = 0.3}, yield).resets() ? 1 : 0;
    }
    EXPECT_NEAR(resets, 3000, 500);  // ten standard deviations
  });
}

TEST(Faults, ReadsNoFurtherThanTheByteItClosesAfter) {
  in_coroutine([](Yield yield) {
    const Faults faults({.close_after = {.bytes = 100}}, yield);
    EXPECT_EQ(faults.read_size(64, 0), 64U);
    EXPECT_EQ(faults.read_size(64, 90), 10U);
    EXPECT_FALSE(faults.closes(99));
    EXPECT_TRUE(faults.closes(100));
  });
}

TEST(Faults, ClosesWhenItsTimeIsUpAndAbortsTheWait) {
  in_coroutine([](Yield yield) {
    const Faults faults({.close_after = {.time = 10ms}}, yield);
    EXPECT_FALSE(faults.closes(0));
    EXPECT_TRUE(coro::sleep_for(yield, 10s));
    EXPECT_TRUE(faults.closes(0));
  });
}

TEST(Faults, HoldsBackAtLeastAsLongAsTheRateAndTheDelaySay) {
  in_coroutine([](Yield yield) {
    Faults faults({.delay = {10ms, 10ms}, .rate = 1000}, yield);
    const auto start = coro::Clock::now();
    const std::string bytes(20, 'x');
    faults.hold_back(bytes, faults.delay_of(bytes.size()), yield);
    EXPECT_GE(coro::Clock::now() - start, 30ms);
  });
}

TEST(Faults, ATrickleIsReadInTenthsOfASecond) {
  in_coroutine([](Yield yield) {
    EXPECT_EQ(Faults({.rate = 1000}, yield).read_size(65536, 0), 100U);
    EXPECT_EQ(Faults({.rate = 5}, yield).read_size(65536, 0), 1U);
  });
}

}  // namespace
