#include "client/wire/matching.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace client {
namespace {

std::size_t matching(std::string_view echoed, std::string_view expected) {
  return client::matching(std::as_bytes(std::span(echoed)), std::as_bytes(std::span(expected)));
}

TEST(Matching, IsAllOfPiecesThatAreTheSame) {
  EXPECT_EQ(matching("echo", "echo"), 4U);
  EXPECT_EQ(matching("", ""), 0U);
}

TEST(Matching, EndsAtTheFirstByteThatDiffers) {
  EXPECT_EQ(matching("echo", "ecco"), 2U);
  EXPECT_EQ(matching("Echo", "echo"), 0U);
  EXPECT_EQ(matching("echO", "echo"), 3U);
}

}  // namespace
}  // namespace client
