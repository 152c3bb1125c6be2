#include "server/udp/source_rate.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace server {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::address_v4;
using boost::asio::ip::make_address;

constexpr coro::Clock::time_point start(100h);

// The answers that a source gets of so many requests at one moment.
int answers(SourceRate& rate, const std::string& source, int requests, std::uint32_t limit,
            coro::Clock::time_point now = start) {
  int answered = 0;
  for (int i = 0; i < requests; ++i)
    answered += rate.take(make_address(source), limit, now) ? 1 : 0;
  return answered;
}

// Those of Python 3.11, which hashes bytes by SipHash-1-3, with PYTHONHASHSEED=0.
TEST(SipHash, IsThatOfOthers) {
  EXPECT_EQ(0x3f7b849c0b8e35ea, siphash(0, 0, 0x6867666564636261));
  EXPECT_EQ(0xbd60acb658c79e45, siphash(0, 0, 0));
}

TEST(SourceRate, GivesASourceItsTokensAtOnceAndThenAsTimePasses) {
  SourceRate rate;
  EXPECT_EQ(10, answers(rate, "192.0.2.1", 100, 10));
  EXPECT_EQ(0, answers(rate, "192.0.2.1", 100, 10, start + 99ms));
  EXPECT_EQ(1, answers(rate, "192.0.2.1", 100, 10, start + 100ms));
  EXPECT_EQ(5, answers(rate, "192.0.2.1", 100, 10, start + 600ms));
  EXPECT_EQ(10, answers(rate, "192.0.2.1", 100, 10, start + 1h));
}

TEST(SourceRate, IsExactForOneASecondAndForAMillion) {
  SourceRate rate;
  EXPECT_EQ(1, answers(rate, "192.0.2.1", 10, 1));
  EXPECT_EQ(1'000'000, answers(rate, "192.0.2.2", 1'000'100, 1'000'000));
}

TEST(SourceRate, IsOneForAnIpv6NetworkOf64BitsAndApartForOthers) {
  SourceRate rate;
  EXPECT_EQ(10, answers(rate, "2001:db8::1", 20, 10));
  EXPECT_EQ(0, answers(rate, "2001:db8::ffff:1", 20, 10));
  EXPECT_EQ(10, answers(rate, "2001:db8:0:1::1", 20, 10));
  EXPECT_EQ(10, answers(rate, "192.0.2.1", 20, 10));
  EXPECT_EQ(10, answers(rate, "192.0.2.2", 20, 10));
}

TEST(SourceRate, ForgetsNoFlooderAmongAMillionSources) {
  SourceRate rate;
  EXPECT_EQ(10, answers(rate, "192.0.2.1", 20, 10));
  for (std::uint32_t source = 0; source < 1'000'000; ++source)
    rate.take(address_v4(0x0A000000 + source), 10, start + 10ms);
  EXPECT_EQ(0, answers(rate, "192.0.2.1", 20, 10, start + 20ms));
}

TEST(SourceRate, ServesOthersBesideAHundredFlooders) {
  SourceRate rate;
  for (std::uint32_t source = 0; source < 100; ++source)
    for (int i = 0; i < 1000; ++i)
      rate.take(address_v4(0x0A000000 + source), 10, start);
  int served = 0;
  for (std::uint32_t source = 0; source < 1000; ++source)
    served += rate.take(address_v4(0xC0000200 + source), 10, start) ? 1 : 0;
  EXPECT_GE(served, 998);
}

TEST(SourceRate, HasAKeyOfItsOwn) {
  SourceRate one(1, 2);
  SourceRate other(3, 4);
  // Two sources that share both buckets with one key do not with another.
  const auto shared = [](SourceRate& rate, std::uint32_t first) {
    int refused = 0;
    for (std::uint32_t source = first; source < first + 100'000; ++source)
      refused += rate.take(address_v4(source), 1, start) ? 0 : 1;
    return refused;
  };
  EXPECT_NE(shared(one, 0x0A000000), shared(other, 0x0A000000));
  EXPECT_NE(siphash(1, 2, 7), siphash(3, 4, 7));
}

}  // namespace
}  // namespace server
