#include "server/admission/address_limit.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace {

using boost::asio::ip::make_address;
using server::AddressLimit;

TEST(AddressLimit, RefusesAnAddressThatHasItsShare) {
  AddressLimit limit;
  const auto address = make_address("192.0.2.1");
  const auto first = limit.enter(address, 2);
  const auto second = limit.enter(address, 2);
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(limit.enter(address, 2));
}

TEST(AddressLimit, CountsEachAddressByItself) {
  AddressLimit limit;
  const auto one = limit.enter(make_address("192.0.2.1"), 1);
  EXPECT_TRUE(limit.enter(make_address("192.0.2.2"), 1));
  EXPECT_TRUE(limit.enter(make_address("2001:db8::1"), 1));
}

TEST(AddressLimit, GivesThePlaceBackWhenTheConnectionEnds) {
  AddressLimit limit;
  const auto address = make_address("2001:db8::1");
  { const auto place = limit.enter(address, 1); }
  EXPECT_TRUE(limit.enter(address, 1));
}

TEST(AddressLimit, APlaceThatMovesIsOnePlace) {
  AddressLimit limit;
  const auto address = make_address("192.0.2.1");
  {
    auto place = limit.enter(address, 1);
    AddressLimit::Place moved = std::move(place);
    AddressLimit::Place assigned;
    assigned = std::move(moved);
    EXPECT_TRUE(assigned);
    EXPECT_FALSE(limit.enter(address, 1));
  }
  EXPECT_TRUE(limit.enter(address, 1));
}

TEST(AddressLimit, CountsWithoutALimitForTheLimitThatAReloadSets) {
  AddressLimit limit;
  const auto address = make_address("192.0.2.1");
  const auto first = limit.enter(address, 0);
  const auto second = limit.enter(address, 0);
  EXPECT_TRUE(second);
  EXPECT_FALSE(limit.enter(address, 2));
}

}  // namespace
