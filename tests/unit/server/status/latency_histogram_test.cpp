#include "server/status/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace server {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, IsZeroBeforeAnythingWasCounted) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.total(), 0U);
  EXPECT_EQ(histogram.quantile(0.99), 0ns);
  EXPECT_EQ(histogram.maximum(), 0ns);
}

TEST(LatencyHistogram, CountsADurationWhereItDoesNotExceedTheBound) {
  LatencyHistogram histogram;
  for (const std::chrono::nanoseconds duration : {0ns, 1ns, 1000ns}) {
    histogram.count(duration);
  }
  EXPECT_EQ(histogram.in_bucket(0), 3U);
  histogram.count(1001ns);
  histogram.count(2us);
  EXPECT_EQ(histogram.in_bucket(1), 2U);
  histogram.count(2001ns);
  EXPECT_EQ(histogram.in_bucket(2), 1U);
}

TEST(LatencyHistogram, CountsWhatIsLongerThanTheLastBoundInTheLastBucket) {
  LatencyHistogram histogram;
  histogram.count(1h);
  EXPECT_EQ(histogram.in_bucket(LatencyHistogram::bucket_count - 1), 1U);
  EXPECT_EQ(histogram.quantile(0.5), 1h);
}

TEST(LatencyHistogram, TakesAClockThatWentBackAsZero) {
  LatencyHistogram histogram;
  histogram.count(-5ms);
  EXPECT_EQ(histogram.in_bucket(0), 1U);
  EXPECT_EQ(histogram.sum(), 0ns);
}

TEST(LatencyHistogram, KnowsSumAndMaximumExactly) {
  LatencyHistogram histogram;
  histogram.count(1234567ns);
  histogram.count(17ns);
  EXPECT_EQ(histogram.sum(), 1234584ns);
  EXPECT_EQ(histogram.maximum(), 1234567ns);
  EXPECT_EQ(histogram.total(), 2U);
}

TEST(LatencyHistogram, ItsQuantilesAreAtMostTwiceTheTrueOnesAndNeverBelow) {
  std::mt19937 random(5);
  std::lognormal_distribution<double> microseconds(4, 2);
  std::vector<std::chrono::nanoseconds> durations;
  LatencyHistogram histogram;
  for (int count = 0; count < 10000; ++count) {
    durations.emplace_back(1000 + static_cast<std::int64_t>(1000 * microseconds(random)));
    histogram.count(durations.back());
  }
  std::ranges::sort(durations);
  for (const std::size_t percent : {1U, 50U, 90U, 99U}) {
    const auto exact = durations[durations.size() * percent / 100 - 1];
    const auto quantile = histogram.quantile(static_cast<double>(percent) / 100);
    EXPECT_GE(quantile, exact) << percent;
    EXPECT_LE(quantile, 2 * exact) << percent;
  }
  EXPECT_EQ(histogram.quantile(1), durations.back());
}

}  // namespace
}  // namespace server
