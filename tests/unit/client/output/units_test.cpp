#include "client/output/units.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

using namespace std::chrono_literals;

TEST(Units, ShowBytesInTheLargestUnitThatIsNotLessThanOne) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(1024.0 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(5.0 * (1ULL << 50U)), "5.0 PiB");
  EXPECT_EQ(bytes_text(5000.0 * (1ULL << 50U)), "5000.0 PiB");
}

TEST(Units, ShowTimesInMillisecondsDownToAMicrosecond) {
  EXPECT_EQ(time_text(0ns), "0.000 ms");
  EXPECT_EQ(time_text(214us), "0.214 ms");
  EXPECT_EQ(time_text(21400us), "21.40 ms");
  EXPECT_EQ(time_text(214ms), "214.0 ms");
  EXPECT_EQ(time_text(21s), "21000 ms");
}

TEST(Units, SumUpRoundTripsWithTheirPercentiles) {
  program::Histogram times;
  for (int i = 1; i <= 100; ++i)
    times.record(i <= 90 ? 1ms : i <= 98 ? 2ms : 4ms);
  EXPECT_EQ(round_trip_text(times),
            "round trip min/avg/max/mdev = 1.000/1.140/4.000/0.490 ms\n"
            "round trip p50/p95/p99 = 1.004/2.007/4.000 ms")
      << "a percentile is the end of a bucket";
}

}  // namespace
}  // namespace client
