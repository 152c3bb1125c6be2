#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/config/loader.hpp"

namespace server {
namespace {

AccessConfig access(std::string_view lists) {
  return parse_config("access: " + std::string(lists), "c.yaml").access;
}

bool admits(const AccessConfig& access, const char* address) {
  return access.admits(boost::asio::ip::make_address(address));
}

TEST(Access, IsForEverybodyUnlessConfigured) {
  for (const auto& access : {AccessConfig(), access("{allow: [], deny: []}")}) {
    EXPECT_TRUE(admits(access, "192.0.2.1"));
    EXPECT_TRUE(admits(access, "2001:db8::1"));
    EXPECT_TRUE(admits(access, "::"));
  }
}

TEST(Access, WithDeniedNetworksAllOthersAreAdmitted) {
  const auto some = access("{deny: [192.0.2.0/24, '2001:db8::/32']}");
  EXPECT_FALSE(admits(some, "192.0.2.1"));
  EXPECT_TRUE(admits(some, "192.0.3.1"));
  EXPECT_FALSE(admits(some, "2001:db8::1"));
  EXPECT_TRUE(admits(some, "2001:db9::1"));
}

TEST(Access, WithAllowedNetworksAllOthersAreRefused) {
  const auto some = access("{allow: [192.0.2.0/24]}");
  EXPECT_TRUE(admits(some, "192.0.2.1"));
  EXPECT_FALSE(admits(some, "192.0.3.1"));
  EXPECT_FALSE(admits(some, "::1"));
}

TEST(Access, TheLongestPrefixDecidesWhicheverListHasIt) {
  const auto some = access("{allow: [10.0.0.0/8, 10.9.8.0/24], deny: [10.9.0.0/16, 10.9.8.7]}");
  EXPECT_TRUE(admits(some, "10.1.1.1"));
  EXPECT_FALSE(admits(some, "10.9.1.1"));
  EXPECT_TRUE(admits(some, "10.9.8.6"));
  EXPECT_FALSE(admits(some, "10.9.8.7"));
  EXPECT_FALSE(admits(some, "11.1.1.1"));
}

TEST(Access, ANetworkInBothListsIsDenied) {
  const auto both = access("{allow: [10.0.0.0/8, 0.0.0.0/0], deny: [10.0.0.0/8]}");
  EXPECT_FALSE(admits(both, "10.1.1.1"));
  EXPECT_TRUE(admits(both, "11.1.1.1"));
}

TEST(Access, AllOfOneFamilyCanBeDenied) {
  const auto ipv4_only = access("{deny: ['::/0']}");
  EXPECT_TRUE(admits(ipv4_only, "192.0.2.1"));
  EXPECT_TRUE(admits(ipv4_only, "::ffff:192.0.2.1"));
  EXPECT_FALSE(admits(ipv4_only, "2001:db8::1"));
}

TEST(Access, AMappedAddressIsAnIpv4AddressOnBothSides) {
  EXPECT_FALSE(admits(access("{deny: [10.0.0.0/8]}"), "::ffff:10.0.0.1"));
  EXPECT_FALSE(admits(access("{deny: ['::ffff:10.0.0.0/104']}"), "10.0.0.1"));
}

TEST(Access, NetworksOfIpv6NeedNoQuotes) {
  const auto some = access("{allow: [::1, 2001:db8::/32, ::1/128, fe80::/10], deny: [::/0]}");
  EXPECT_TRUE(admits(some, "::1"));
  EXPECT_TRUE(admits(some, "2001:db8::1"));
  EXPECT_FALSE(admits(some, "2001:db9::1"));
}

}  // namespace
}  // namespace server
