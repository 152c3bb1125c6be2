#include "client/bench/pattern.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace client {
namespace {

std::vector<std::byte> piece(const Pattern& pattern, std::uint64_t position, std::size_t size) {
  const auto bytes = pattern.at(position, size);
  return {bytes.begin(), bytes.end()};
}

TEST(Pattern, IsTheSameStreamInPiecesOfAnySize) {
  const Pattern pattern;
  const auto whole = piece(pattern, 65000, Pattern::longest);
  for (std::size_t offset = 0; offset + 1000 < whole.size(); offset += 997) {
    EXPECT_TRUE(std::ranges::equal(pattern.at(65000 + offset, 1000),
                                   std::span(whole).subspan(offset, 1000)));
  }
}

TEST(Pattern, AcceptsItself) {
  const Pattern pattern;
  EXPECT_FALSE(pattern.compare(123456789, piece(pattern, 123456789, Pattern::longest), 0));
  EXPECT_FALSE(pattern.compare(5, {}, 0));
}

TEST(Pattern, FindsTheFirstWrongByte) {
  const Pattern pattern;
  auto bytes = piece(pattern, 70000, 1000);
  bytes[500] ^= std::byte{1};
  bytes[700] ^= std::byte{1};
  const auto mismatch = pattern.compare(70000, bytes, 60000);
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->offset, 10500U);
  EXPECT_EQ(mismatch->got, bytes[500]);
  EXPECT_EQ(mismatch->expected, bytes[500] ^ std::byte{1});
}

TEST(Pattern, NoticesWhatIsLostOrDoubled) {
  const Pattern pattern;
  for (const std::uint64_t shift : {1U, 64U, 4096U, 65536U, 1U << 20U}) {
    EXPECT_TRUE(pattern.compare(1000, piece(pattern, 1000 + shift, 64), 0)) << shift;
  }
}

}  // namespace
}  // namespace client
