#include "server/accept/accept_rate.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using coro::Clock;

// Accepts whenever it may for this long; how many that were.
int accepted_within(Clock::duration duration, std::uint32_t per_second) {
  server::AcceptRate rate;
  int accepted = 0;
  const Clock::time_point start = Clock::now();
  for (Clock::time_point now = start; now < start + duration;) {
    if (const auto wait = rate.wait(per_second, now); wait.count() > 0) {
      now += wait;
    } else {
      rate.count(per_second, now);
      ++accepted;
    }
  }
  return accepted;
}

TEST(AcceptRate, AcceptsAsManyASecondAsItIsTold) {
  EXPECT_NEAR(accepted_within(10s, 100), 1000, 11);
  EXPECT_NEAR(accepted_within(10s, 1), 10, 1);
  EXPECT_NEAR(accepted_within(1s, 1'000'000), 1'000'000, 100'001);
}

TEST(AcceptRate, AcceptsATenthOfASecondsWorthAtOnce) {
  EXPECT_EQ(accepted_within(1ns, 100), 10);
}

TEST(AcceptRate, AcceptsOneAtOnceHoweverSlowItIs) {
  EXPECT_EQ(accepted_within(1ns, 1), 1);
}

TEST(AcceptRate, SavesUpNothingWhileNobodyConnects) {
  server::AcceptRate rate;
  const auto start = Clock::now();
  rate.count(100, start);
  const auto later = start + 1h;
  int at_once = 0;
  while (rate.wait(100, later).count() == 0) {
    rate.count(100, later);
    ++at_once;
  }
  EXPECT_EQ(at_once, 10);
}

TEST(AcceptRate, ZeroIsNoLimit) {
  server::AcceptRate rate;
  const auto now = Clock::now();
  for (int n = 0; n < 1000; ++n) {
    ASSERT_EQ(rate.wait(0, now).count(), 0);
    rate.count(0, now);
  }
}

}  // namespace
