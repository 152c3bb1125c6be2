#include "server/net/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "server/net/network_table.hpp"

namespace server {
namespace {

using ::testing::HasSubstr;

boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

Network network(std::string_view text) {
  const auto parsed = Network::parse(text);
  if (parsed.has_error()) {
    throw std::invalid_argument(parsed.error());
  }
  return *parsed;
}

bool contains(std::string_view block, const boost::asio::ip::address& address) {
  return NetworkTable({network(block)}).contains(address);
}

bool contains(std::string_view block, const char* text) {
  return contains(block, address(text));
}

TEST(Network, ContainsTheAddressesOfItsBlockAndNoOther) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.0.0.0"));
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(contains("10.0.0.0/8", "9.255.255.255"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.128"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(Network, ASingleAddressIsANetworkOfOne) {
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_FALSE(contains("::1", "::2"));
}

TEST(Network, PrefixLengthZeroIsEveryAddressOfItsFamilyOnly) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "203.0.113.9"));
}

TEST(Network, TreatsAMappedAddressAsIpv4) {
  EXPECT_TRUE(contains("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("10.0.0.0/8", "::ffff:11.1.2.3"));
  EXPECT_FALSE(contains("::/0", "::ffff:10.1.2.3"));
  EXPECT_TRUE(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_EQ(network("::ffff:10.0.0.0/104"), network("10.0.0.0/8"));
}

// A peer in the same network segment has one: fe80::a%eth0.
TEST(Network, TheScopeOfAnAddressDoesNotCount) {
  auto scoped = address("fe80::a").to_v6();
  scoped.scope_id(3);
  EXPECT_TRUE(contains("fe80::/10", scoped));
  EXPECT_TRUE(contains("fe80::a", scoped));
  EXPECT_TRUE(contains("::/0", scoped));
  EXPECT_FALSE(contains("fe80::b", scoped));
}

TEST(NetworkOf, IsTheIpv6AddressWithoutTheBitsBehindThePrefix) {
  EXPECT_EQ(network_of(address("2001:db8:1:2:3:4:5:6"), 64), address("2001:db8:1:2::"));
  EXPECT_EQ(network_of(address("2001:db8:1:2ff::1"), 56), address("2001:db8:1:200::"));
  EXPECT_EQ(network_of(address("2001:db8::1"), 128), address("2001:db8::1"));
  EXPECT_EQ(network_of(address("ffff::1"), 1), address("8000::"));
}

TEST(NetworkOf, LeavesAnIpv4AddressAsItIs) {
  EXPECT_EQ(network_of(address("192.0.2.1"), 1), address("192.0.2.1"));
}

// Two interfaces have a network fe80::/64 each.
TEST(NetworkOf, KeepsTheScope) {
  auto scoped = address("fe80::a").to_v6();
  scoped.scope_id(3);
  EXPECT_EQ(network_of(scoped, 64).to_v6().scope_id(), 3U);
  EXPECT_NE(network_of(scoped, 64), network_of(address("fe80::a"), 64));
}

TEST(Network, WritesWhatItReadsBack) {
  for (const char* text :
       {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/32", "::1/128"}) {
    EXPECT_EQ(network(text).to_string(), text);
  }
}

TEST(Network, SaysWhichNetworkWasMeantIfBitsAreSetBeyondThePrefix) {
  EXPECT_THAT(Network::parse("10.0.0.1/8").error(), HasSubstr("did you mean 10.0.0.0/8"));
  EXPECT_THAT(Network::parse("2001:db8::1/32").error(), HasSubstr("did you mean 2001:db8::/32"));
}

class NetworkText : public ::testing::TestWithParam<std::string_view> {};

TEST_P(NetworkText, IsRefused) {
  const auto parsed = Network::parse(GetParam());
  ASSERT_TRUE(parsed.has_error());
  EXPECT_FALSE(parsed.error().empty());
}

using namespace std::string_view_literals;

INSTANTIATE_TEST_SUITE_P(Wrong, NetworkText,
                         ::testing::Values(""sv, "/"sv, "/8"sv, "10.0.0.0/"sv, "10.0.0.0/33"sv,
                                           "10.0.0.0/08"sv, "10.0.0.0/-1"sv, "10.0.0.0/+8"sv,
                                           "10.0.0.0/8 "sv, " 10.0.0.0/8"sv, "10.0.0.0/8/8"sv,
                                           "10.0.0.0/99999999999"sv, "10.0.0/8"sv, "010.0.0.0/8"sv,
                                           "256.0.0.0/8"sv, "::/129"sv, ":::/0"sv, "[::1]/128"sv,
                                           "fe80::1%lo"sv, "fe80::%1/64"sv, "localhost"sv,
                                           "10.0.0.0\0/8"sv, "10.0.0.0/8\0"sv, "::ffff:0:0/90"sv));

TEST(ParseAddress, TakesALiteralAndNothingElse) {
  EXPECT_EQ(parse_address("192.0.2.1"), address("192.0.2.1"));
  EXPECT_EQ(parse_address("2001:DB8::1"), address("2001:db8::1"));
  for (const std::string_view text :
       {""sv, "192.0.2.1:80"sv, "[::1]"sv, "::1%lo"sv, "192.0.2.1\0"sv, "host"sv}) {
    EXPECT_EQ(parse_address(text), std::nullopt) << text;
  }
}

TEST(IsHost, TakesNamesAndAddresses) {
  for (const char* text :
       {"localhost", "a", "echo-1.example.com", "example.com.", "my_service", "1.example",
        "192.0.2.1", "::1", "2001:db8::1", "fe80::1%eth0.100", "0.0.0.0"}) {
    EXPECT_TRUE(is_host(text)) << text;
  }
}

TEST(IsHost, RefusesWhatCanNameNoMachine) {
  for (const std::string_view text :
       {""sv, "127.0.0.1:80"sv, "[::1]"sv, "300.1.1.1"sv, "1.2.3"sv, "8888"sv, "a b"sv, "a,b"sv,
        "*"sv, "host/8"sv, "a\0"sv, "m\xC3\xBCller"sv, "127.0.0.1%lo"sv, "fe80::1%"sv,
        "fe80::1%e h"sv, "host:80"sv}) {
    EXPECT_FALSE(is_host(text)) << text;
  }
  EXPECT_TRUE(is_host(std::string(253, 'a')));
  EXPECT_FALSE(is_host(std::string(254, 'a')));
}

TEST(Unmapped, LeavesEveryOtherAddressAsItIs) {
  EXPECT_EQ(unmapped(address("::ffff:192.0.2.1")), address("192.0.2.1"));
  EXPECT_EQ(unmapped(address("::192.0.2.1")), address("::192.0.2.1"));
  EXPECT_EQ(unmapped(address("2001:db8::1")), address("2001:db8::1"));
  EXPECT_EQ(unmapped(address("192.0.2.1")), address("192.0.2.1"));
}

}  // namespace
}  // namespace server
