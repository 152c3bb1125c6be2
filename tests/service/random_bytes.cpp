#include "tests/service/random_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

namespace service {

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(&bytes[i], &word, std::min(sizeof(word), size - i));
  }
  return bytes;
}

void expect_same_bytes(const std::string& expected, const std::string& actual) {
  EXPECT_EQ(expected.size(), actual.size()) << "sizes";
  const auto [differs, ignored] =
      std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  const auto same = static_cast<std::size_t>(differs - expected.begin());
  EXPECT_TRUE(same >= std::min(expected.size(), actual.size())) << "differ at offset " << same;
}

}  // namespace service
