#include "program/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace program {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Histogram, HasZeroesAndNoNumbersThatAreNoneWhenEmpty) {
  const Histogram times;
  EXPECT_EQ(times.count(), 0U);
  EXPECT_EQ(times.min(), 0ns);
  EXPECT_EQ(times.mean(), 0ns);
  EXPECT_EQ(times.deviation(), 0ns);
  EXPECT_EQ(times.percentile(0.99), 0ns);
  EXPECT_TRUE(times.buckets().empty());
}

TEST(Histogram, IsExactForOneValue) {
  Histogram times;
  times.record(123457ns);
  for (const auto time :
       {times.min(), times.max(), times.mean(), times.percentile(0), times.percentile(1)}) {
    EXPECT_EQ(time, 123457ns);
  }
  EXPECT_EQ(times.deviation(), 0ns);
}

TEST(Histogram, KnowsMeanAndDeviation) {
  Histogram times;
  for (const auto time : {2ms, 4ms, 4ms, 4ms, 5ms, 5ms, 7ms, 9ms})
    times.record(time);
  EXPECT_EQ(times.mean(), 5ms);
  EXPECT_EQ(times.deviation(), 2ms);
}

// The definition of a percentile, applied to all the values themselves.
TEST(Histogram, GivesPercentilesToWithinOnePercent) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(12, 2);
  std::vector<std::int64_t> values;
  Histogram times;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<std::int64_t>(distribution(random)));
    times.record(nanoseconds(values.back()));
  }
  std::ranges::sort(values);
  for (const double share : {0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
    const auto expected = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(static_cast<double>(times.percentile(share).count()), expected, expected * 0.01 + 1)
        << share;
  }
}

TEST(Histogram, CountsEveryValueInABucketThatHoldsIt) {
  for (std::int64_t value = 0; value < 70000; ++value) {
    Histogram times;
    times.record(nanoseconds(value));
    const auto buckets = times.buckets();
    ASSERT_EQ(buckets.size(), 1U);
    ASSERT_LE(buckets.front().from, nanoseconds(value));
    ASSERT_GT(buckets.front().to, nanoseconds(value));
    value += value / 50;
  }
}

TEST(Histogram, TakesAClockThatWentBackAsZero) {
  Histogram times;
  times.record(-5ms);
  EXPECT_EQ(times.max(), 0ns);
  EXPECT_EQ(times.sum(), 0ns);
  EXPECT_EQ(times.buckets().front().from, 0ns);
}

TEST(Histogram, CountsWhatIsLongerThanItsRangeInTheLastBucket) {
  Histogram times;
  times.record(1ns);
  times.record(24h);
  EXPECT_EQ(times.buckets().back().count, 1U);
  EXPECT_EQ(times.max(), 24h);
  EXPECT_EQ(times.percentile(0.9), 24h);
}

TEST(Histogram, KnowsSumAndMaximumExactly) {
  Histogram times;
  times.record(1234567ns);
  times.record(17ns);
  EXPECT_EQ(times.sum(), 1234584ns);
  EXPECT_EQ(times.max(), 1234567ns);
  EXPECT_EQ(times.count(), 2U);
}

// The service's metrics have such bounds.
TEST(Histogram, BeginsABucketAtEachMicrosecondTimesAPowerOfTwo) {
  for (auto bound = 1us; bound < 10s; bound *= 2) {
    Histogram times;
    times.record(bound - 1ns);
    times.record(bound);
    const auto buckets = times.buckets();
    ASSERT_EQ(buckets.size(), 2U) << bound.count();
    EXPECT_EQ(buckets.front().to, bound);
  }
}

TEST(Histogram, MergesAsIfAllHadBeenRecordedInOne) {
  Histogram one;
  Histogram other;
  Histogram both;
  for (int i = 1; i <= 1000; ++i) {
    (i % 3 == 0 ? one : other).record(i * 1us);
    both.record(i * 1us);
  }
  one.merge(other);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.min(), both.min());
  EXPECT_EQ(one.max(), both.max());
  EXPECT_EQ(one.mean(), both.mean());
  EXPECT_EQ(one.percentile(0.9), both.percentile(0.9));
  one.merge(Histogram());
  EXPECT_EQ(one.min(), both.min());
}

TEST(Histogram, IsEqualAfterASnapshot) {
  Histogram times;
  for (const auto time : {0ns, 1ns, 300ns, 1234567ns, 1234568ns, std::chrono::nanoseconds(2h)})
    times.record(time);
  Histogram restored(times.snapshot());
  EXPECT_EQ(restored.snapshot().counts, times.snapshot().counts);
  EXPECT_EQ(restored.count(), times.count());
  EXPECT_EQ(restored.min(), times.min());
  EXPECT_EQ(restored.max(), times.max());
  EXPECT_EQ(restored.sum(), times.sum());
  EXPECT_EQ(restored.deviation(), times.deviation());
  for (const double share : {0.0, 0.5, 0.9, 1.0})
    EXPECT_EQ(restored.percentile(share), times.percentile(share));
  restored.record(5ns);
  EXPECT_EQ(restored.count(), times.count() + 1);
}

TEST(Histogram, IsEmptyAfterASnapshotOfNothing) {
  Histogram times{Histogram().snapshot()};
  EXPECT_TRUE(times.empty());
  times.record(5ns);
  EXPECT_EQ(times.min(), 5ns);
  EXPECT_EQ(times.max(), 5ns);
}

}  // namespace
}  // namespace program
