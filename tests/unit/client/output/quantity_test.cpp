#include "client/output/quantity.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, IsACountInDecimal) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("010"), 10U);
  EXPECT_EQ(parse_count("18446744073709551615"), ~std::uint64_t{});
  for (const char* text :
       {"", "-1", "+1", "0x10", "1.5", "1e3", " 1", "1 ", "18446744073709551616"})
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
}

TEST(Quantity, IsAFiniteNumber) {
  EXPECT_EQ(parse_number("0.5"), 0.5);
  EXPECT_EQ(parse_number("1e6"), 1e6);
  EXPECT_EQ(parse_number("010"), 10);
  for (const char* text : {"", ".", "nan", "inf", "-1", "0x10", "1e400", "1s"})
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
}

TEST(Quantity, IsATimeInSecondsOrWithAUnit) {
  EXPECT_EQ(parse_time("2"), 2s);
  EXPECT_EQ(parse_time("0.25"), 250ms);
  EXPECT_EQ(parse_time("500ms"), 500ms);
  EXPECT_EQ(parse_time("2 S"), 2s);
  EXPECT_EQ(parse_time("5m"), 5min);
  EXPECT_EQ(parse_time("1h"), 1h);
  EXPECT_EQ(parse_time("0"), 0s);
  EXPECT_EQ(parse_time("2400h"), 2400h);
  for (const char* text :
       {"", "s", "soon", "-1s", "1y", "2401h", "1e300", "1e308h", "nan", "inf", "1ss"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(Quantity, IsASizeInBytesOrWithABinaryUnit) {
  EXPECT_EQ(parse_size("100"), 100U);
  EXPECT_EQ(parse_size("100b"), 100U);
  for (const char* text : {"64k", "64K", "64kb", "64KiB", "064 k"})
    EXPECT_EQ(parse_size(text), 65536U) << text;
  EXPECT_EQ(parse_size("2m"), std::uint64_t{2} << 20U);
  EXPECT_EQ(parse_size("3g"), std::uint64_t{3} << 30U);
  for (const char* text : {"", "k", "-1k", "1.5k", "0x10", "1t", "18446744073709551615g"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

}  // namespace
}  // namespace client
