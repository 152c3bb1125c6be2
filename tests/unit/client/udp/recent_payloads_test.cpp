#include "client/udp/recent_payloads.hpp"

#include <gtest/gtest.h>

#include <string>

namespace client {
namespace {

TEST(RecentPayloads, KnowWhetherTheLatestOfTheSameBytesIsBack) {
  RecentPayloads recent;
  EXPECT_EQ(recent.find("one"), nullptr);
  recent.add("one", false);
  ASSERT_NE(recent.find("one"), nullptr);
  EXPECT_FALSE(*recent.find("one"));
  *recent.find("one") = true;
  EXPECT_TRUE(*recent.find("one"));
  recent.add("one", false);
  EXPECT_FALSE(*recent.find("one"));
}

TEST(RecentPayloads, ForgetTheOldest) {
  RecentPayloads recent;
  recent.add("old", true);
  for (std::size_t i = 1; i < RecentPayloads::most; ++i)
    recent.add(std::to_string(i), true);
  EXPECT_NE(recent.find("old"), nullptr);
  recent.add("new", true);
  EXPECT_EQ(recent.find("old"), nullptr);
  EXPECT_NE(recent.find("new"), nullptr);
}

}  // namespace
}  // namespace client
