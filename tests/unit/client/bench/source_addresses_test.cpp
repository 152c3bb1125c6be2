#include "client/bench/source_addresses.hpp"

#include <gtest/gtest.h>

#include <set>

namespace client {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;

Addresses targets(std::initializer_list<const char*> texts) {
  Addresses addresses;
  for (const char* const text : texts)
    addresses.emplace_back(make_address(text), 7);
  return addresses;
}

TEST(SourceAddresses, AreTheUsualOneAndThenOthersOfLoopback) {
  SourceAddresses sources(targets({"127.0.0.1", "::1"}));
  EXPECT_FALSE(sources.next());
  std::set<boost::asio::ip::address> used;
  for (int i = 0; i < 30'000; ++i) {
    if (const auto source = sources.next()) {
      EXPECT_TRUE(source->is_v4() && source->is_loopback());
      used.insert(*source);
    }
  }
  EXPECT_GE(used.size(), 4U);
}

TEST(SourceAddresses, GoOnToTheNextWhereOneHasNoPort) {
  SourceAddresses sources(targets({"127.0.0.1"}));
  EXPECT_FALSE(sources.next());
  EXPECT_TRUE(sources.exhausted());
  const auto first = sources.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(sources.next(), first);
  EXPECT_TRUE(sources.exhausted());
  EXPECT_NE(sources.next(), first);
}

TEST(SourceAddresses, AreNotChosenWhereThereIsNoChoice) {
  for (const auto& addresses :
       {targets({"192.0.2.1"}), targets({"::1"}), targets({"::1", "192.0.2.1"})}) {
    SourceAddresses sources(addresses);
    EXPECT_FALSE(sources.exhausted());
    EXPECT_FALSE(sources.next());
  }
}

TEST(SourceAddresses, RunOutOnlyWhereThereIsNoChoice) {
  EXPECT_TRUE(had_to_search_for_ports(targets({"192.0.2.1"}), 100'000, 1s));
  EXPECT_TRUE(had_to_search_for_ports(targets({"::1"}), 1'000'000, 2s));
  EXPECT_FALSE(had_to_search_for_ports(targets({"127.0.0.1"}), 1'000'000, 2s));
  EXPECT_FALSE(had_to_search_for_ports(targets({"192.0.2.1"}), 100, 1s));
  EXPECT_FALSE(had_to_search_for_ports(targets({"192.0.2.1"}), 100'000, 1h));
}

}  // namespace
}  // namespace client
