#include "client/progress.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1U << 20U;

TEST(ProgressLine, HasABarWhereTheTotalIsKnown) {
  EXPECT_EQ(progress_line(512 * mebibyte, 1024 * mebibyte, 2s, 80),
            "[##################                   ]  50%  512.0 MiB of 1.0 GiB  256.0 MiB/s");
}

TEST(ProgressLine, HasNoBarWhereItIsNot) {
  EXPECT_EQ(progress_line(512 * mebibyte, std::nullopt, 2s, 80), "512.0 MiB  256.0 MiB/s");
}

TEST(ProgressLine, NeverExceedsTheWidth) {
  for (std::size_t width = 1; width < 120; ++width) {
    EXPECT_LE(progress_line(512 * mebibyte, 1024 * mebibyte, 2s, width).size(), width);
    EXPECT_LE(progress_line(2048 * mebibyte, 1024 * mebibyte, 2s, width).size(), width);
    EXPECT_LE(progress_line(512 * mebibyte, std::nullopt, 2s, width).size(), width);
  }
}

TEST(ProgressLine, DividesByNoZero) {
  EXPECT_EQ(progress_line(0, 0, 0s, 80), "0 B  0 B/s");
}

}  // namespace
}  // namespace client
