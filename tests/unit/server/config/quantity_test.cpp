#include "server/config/quantity.hpp"

#include <gtest/gtest.h>

namespace server {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(Duration, TakesUnitsPlainSecondsAndFractions) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("7"), 7s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0.25"), 250ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.1"), 100ms);
  EXPECT_EQ(parse_duration("0.001s"), 1ms);
  EXPECT_EQ(parse_duration("720h"), 720h);
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto text :
       {""sv,    "s"sv,   "."sv,    ".5"sv,  "5."sv,     "1.2.3"sv, "-1"sv,          "+1"sv,
        "1 s"sv, " 1s"sv, "1s "sv,  "1S"sv,  "1sec"sv,   "1d"sv,    "1h30m"sv,       "1e3"sv,
        "inf"sv, "nan"sv, "0x10"sv, "1\0"sv, "0.0001"sv, "0.5ms"sv, "99999999999h"sv}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, IsWrittenInTheLargestUnitThatNeedsNoFraction) {
  EXPECT_EQ(duration_text(0ms), "0");
  EXPECT_EQ(duration_text(1ms), "1ms");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(30s), "30s");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(120s), "2m");
  EXPECT_EQ(duration_text(720h), "720h");
}

TEST(Duration, WhatIsWrittenReadsBackTheSame) {
  for (std::int64_t count = 0; count < 2'592'000'000; count = count * 3 / 2 + 1) {
    EXPECT_EQ(parse_duration(duration_text(milliseconds(count))), milliseconds(count));
  }
}

TEST(Size, TakesBytesAndBinaryUnits) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("512"), 512U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("3MiB"), 3U << 20);
  EXPECT_EQ(parse_size("1GiB"), 1U << 30);
  EXPECT_EQ(parse_size("1TiB"), 1ULL << 40);
  EXPECT_EQ(parse_size("18446744073709551615"), 18446744073709551615ULL);
  EXPECT_EQ(parse_size("16777215TiB"), 16777215ULL << 40);
}

TEST(Size, RefusesEverythingElse) {
  for (const auto text :
       {""sv, "KiB"sv, "1.5KiB"sv, "-1"sv, "+1"sv, "01"sv, "1K"sv, "1kB"sv, "1kib"sv, "1 KiB"sv,
        "0x10"sv, "1_000"sv, "18446744073709551616"sv, "16777216TiB"sv}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Size, WhatIsWrittenReadsBackTheSame) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(64 * 1024), "64KiB");
  for (std::uint64_t bytes = 1; bytes < 1ULL << 60; bytes = bytes * 3 / 2 + 1) {
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
    EXPECT_EQ(parse_size(size_text(bytes << 10)), bytes << 10);
  }
}

}  // namespace
}  // namespace server
