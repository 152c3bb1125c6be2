#include "program/quantity.hpp"

#include <gtest/gtest.h>

namespace program {
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
  EXPECT_EQ(parse_duration("0.0001"), 100us);
  EXPECT_EQ(parse_duration("0.5ms"), 500us);
}

TEST(Duration, KnowsMicrosecondsOnACommandLineAlone) {
  EXPECT_EQ(parse_duration("500us", Spelling::free), 500us);
  EXPECT_EQ(parse_duration("1.5 US", Spelling::free), 1500ns);
  EXPECT_EQ(parse_duration("500us"), std::nullopt);
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto text :
       {""sv,      "s"sv,   "."sv,   ".5"sv,  "5."sv,   "1.2.3"sv, "-1"sv,
        "+1"sv,    "1 s"sv, " 1s"sv, "1s "sv, "1S"sv,   "1sec"sv,  "1d"sv,
        "1h30m"sv, "1e3"sv, "inf"sv, "nan"sv, "0x10"sv, "1\0"sv,   "99999999999h"sv}) {
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

TEST(FreeQuantity, IsACountInDecimal) {
  EXPECT_EQ(parse_whole_number("0", Spelling::free), 0U);
  EXPECT_EQ(parse_whole_number("010", Spelling::free), 10U);
  EXPECT_EQ(parse_whole_number("18446744073709551615", Spelling::free), ~std::uint64_t{});
  for (const char* text :
       {"", "-1", "+1", "0x10", "1.5", "1e3", " 1", "1 ", "18446744073709551616"})
    EXPECT_EQ(parse_whole_number(text, Spelling::free), std::nullopt) << text;
}

TEST(Number, IsFinite) {
  EXPECT_EQ(parse_number("0.5"), 0.5);
  EXPECT_EQ(parse_number("1e6"), 1e6);
  EXPECT_EQ(parse_number("010"), 10);
  for (const char* text : {"", ".", "nan", "inf", "-1", "0x10", "1e400", "1s"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(FreeQuantity, IsATimeInSecondsOrWithAUnit) {
  EXPECT_EQ(parse_duration("2", Spelling::free), 2s);
  EXPECT_EQ(parse_duration("0.25", Spelling::free), 250ms);
  EXPECT_EQ(parse_duration("500ms", Spelling::free), 500ms);
  EXPECT_EQ(parse_duration("2 S", Spelling::free), 2s);
  EXPECT_EQ(parse_duration("5m", Spelling::free), 5min);
  EXPECT_EQ(parse_duration("1h", Spelling::free), 1h);
  EXPECT_EQ(parse_duration("0", Spelling::free), 0s);
  EXPECT_EQ(parse_duration("2400h", Spelling::free), 2400h);
  for (const char* text :
       {"", "s", "soon", "-1s", "1y", "1000001h", "1e300", "1e308h", "nan", "inf", "1ss"})
    EXPECT_EQ(parse_duration(text, Spelling::free), std::nullopt) << text;
}

TEST(FreeQuantity, IsASizeInBytesOrWithABinaryUnit) {
  EXPECT_EQ(parse_size("100", Spelling::free), 100U);
  EXPECT_EQ(parse_size("100b", Spelling::free), 100U);
  for (const char* text : {"64k", "64K", "64kb", "64KiB", "064 k"})
    EXPECT_EQ(parse_size(text, Spelling::free), 65536U) << text;
  EXPECT_EQ(parse_size("2m", Spelling::free), std::uint64_t{2} << 20U);
  EXPECT_EQ(parse_size("3g", Spelling::free), std::uint64_t{3} << 30U);
  for (const char* text : {"", "k", "-1k", "1.5k", "0x10", "1p", "18446744073709551615g"})
    EXPECT_EQ(parse_size(text, Spelling::free), std::nullopt) << text;
}

}  // namespace
}  // namespace program
