#include "client/figures/ticks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace client {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::Pointwise;

constexpr double us = 1e3;
constexpr double ms = 1e6;
constexpr double s = 1e9;

std::vector<std::string> time_labels(const Ticks& ticks) {
  std::vector<std::string> labels;
  for (const double tick : ticks)
    labels.push_back(time_label(tick));
  return labels;
}

// 1, 2 or 5 times a power of ten.
bool is_round(double step) {
  const double digit = step / std::pow(10, std::floor(std::log10(step) + 1e-9));
  return std::abs(digit - 1) < 1e-6 || std::abs(digit - 2) < 1e-6 || std::abs(digit - 5) < 1e-6;
}

TEST(RoundTicks, AreMultiplesOfOneTwoOrFiveWithinTheRange) {
  EXPECT_THAT(round_ticks(0, 10, 6), Pointwise(DoubleEq(), Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_THAT(round_ticks(0, 30, 5), Pointwise(DoubleEq(), Ticks{0, 10, 20, 30}));
  EXPECT_THAT(round_ticks(0.12, 0.31, 6), Pointwise(DoubleEq(), Ticks{0.15, 0.2, 0.25, 0.3}));
  EXPECT_THAT(round_ticks(-7, 8, 4), Pointwise(DoubleEq(), Ticks{-5, 0, 5}));
}

TEST(RoundTicks, AreFewEvenlySpacedAndInsideForEveryRange) {
  for (double from = 0.1; from < 1e13; from *= 7.3) {
    for (double width = 1e-3; width < 1e13; width *= 3.1) {
      const auto ticks = round_ticks(from, from + width, 6);
      ASSERT_LE(ticks.size(), 6U) << from << '+' << width;
      for (const double tick : ticks) {
        ASSERT_GE(tick, from - width * 1e-6);
        ASSERT_LE(tick, from + width * (1 + 1e-6));
      }
      if (ticks.size() > 1 && width > from * 1e-6) {
        ASSERT_TRUE(is_round(ticks[1] - ticks[0])) << from << '+' << width;
      }
    }
  }
}

TEST(RoundTicks, AreTheOneValueOfAnEmptyRange) {
  EXPECT_THAT(round_ticks(3.7, 3.7, 6), ElementsAre(3.7));
  EXPECT_THAT(round_ticks(0, 0, 6), ElementsAre(0.0));
}

TEST(TicksFromZero, EndAtARoundNumberThatIsNotBelowTheTop) {
  EXPECT_THAT(ticks_from_zero(9, 5), Pointwise(DoubleEq(), Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_THAT(ticks_from_zero(10, 5), Pointwise(DoubleEq(), Ticks{0, 2, 4, 6, 8, 10}));
  EXPECT_THAT(ticks_from_zero(101, 5), Pointwise(DoubleEq(), Ticks{0, 50, 100, 150}));
  EXPECT_THAT(ticks_from_zero(0.3, 5), Pointwise(DoubleEq(), Ticks{0, 0.1, 0.2, 0.3}));
}

TEST(TicksFromZero, DivideNoWhole) {
  EXPECT_THAT(ticks_from_zero(1, 5, 1), ElementsAre(0.0, 1.0));
  EXPECT_THAT(ticks_from_zero(3, 5, 1), ElementsAre(0.0, 1.0, 2.0, 3.0));
}

TEST(TicksFromZero, AreOnAnAxisOfItsOwnForNothing) {
  EXPECT_THAT(ticks_from_zero(0, 5), ElementsAre(0.0, 1.0));
}

TEST(TicksFromZero, AreFewForHugeNumbers) {
  for (const double top : {1.9e19, 1e100, 7e300}) {
    const auto ticks = ticks_from_zero(top, 5, 1);
    EXPECT_LE(ticks.size(), 6U);
    EXPECT_GE(ticks.back(), top * (1 - 1e-6));
  }
}

TEST(LogarithmicTicks, AreOneTwoAndFiveOfEachDecade) {
  EXPECT_THAT(time_labels(logarithmic_ticks(90 * us, 2.3 * ms, 8)),
              ElementsAre("100 µs", "200 µs", "500 µs", "1 ms", "2 ms"));
  EXPECT_THAT(time_labels(logarithmic_ticks(0.4 * s, 6 * s, 8)),
              ElementsAre("500 ms", "1 s", "2 s", "5 s"));
}

TEST(LogarithmicTicks, ArePowersOfTenOverManyDecades) {
  EXPECT_THAT(time_labels(logarithmic_ticks(3 * us, 20 * s, 7)),
              ElementsAre("10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"));
  EXPECT_THAT(time_labels(logarithmic_ticks(1, 1e15, 7)),
              ElementsAre("1 ns", "1 µs", "1 ms", "1 s", "1000 s", "1000000 s"));
}

TEST(LogarithmicTicks, AreEvenWithinADecade) {
  EXPECT_THAT(time_labels(logarithmic_ticks(1.01 * ms, 1.9 * ms, 6)),
              ElementsAre("1.2 ms", "1.4 ms", "1.6 ms", "1.8 ms"));
  EXPECT_THAT(time_labels(logarithmic_ticks(1 * s, 1.0001 * s, 6)),
              ElementsAre("1 s", "1.00002 s", "1.00004 s", "1.00006 s", "1.00008 s", "1.0001 s"));
}

TEST(LogarithmicTicks, LeaveRoomForTheirLabels) {
  EXPECT_THAT(time_labels(logarithmic_ticks(30 * us, 9.8 * ms, 6)), ElementsAre("100 µs", "1 ms"));
  for (double from = 1; from < 1e10; from *= 1.7) {
    for (double to = from * 2; to < from * 1e7; to *= 1.1) {
      const auto ticks = logarithmic_ticks(from, to, 6);
      ASSERT_GE(ticks.size(), 2U) << from << " to " << to;
      for (std::size_t i = 1; i < ticks.size(); ++i) {
        ASSERT_GT(std::log(ticks[i] / ticks[i - 1]) / std::log(to / from), 0.1)
            << from << " to " << to;
      }
    }
  }
}

TEST(LogarithmicTicks, AreTheOneValueOfAnEmptyRange) {
  EXPECT_THAT(logarithmic_ticks(123, 123, 6), ElementsAre(123.0));
}

TEST(LogarithmicTicks, AreNeverMoreThanAsked) {
  for (double from = 1; from < 1e13; from *= 2.7)
    for (double to = from; to < 1e19; to *= 1.7)
      ASSERT_LE(logarithmic_ticks(from, to, 6).size(), 6U) << from << " to " << to;
}

TEST(TickLabel, HasTheUnitThatNeedsTheFewestDigits) {
  EXPECT_EQ(time_label(5), "5 ns");
  EXPECT_EQ(time_label(1 * us), "1 µs");
  EXPECT_EQ(time_label(999'999.9999999), "1 ms");
  EXPECT_EQ(time_label(1.5 * ms), "1.5 ms");
  EXPECT_EQ(time_label(60 * s), "60 s");
  EXPECT_EQ(time_label(0), "0 ns");
}

TEST(TickLabel, ShortensThousands) {
  EXPECT_EQ(count_label(0), "0");
  EXPECT_EQ(count_label(0.2), "0.2");
  EXPECT_EQ(count_label(500), "500");
  EXPECT_EQ(count_label(1500), "1.5k");
  EXPECT_EQ(count_label(20'000), "20k");
  EXPECT_EQ(count_label(5e6), "5M");
  EXPECT_EQ(count_label(2e19), "20000P");
}

}  // namespace
}  // namespace client
