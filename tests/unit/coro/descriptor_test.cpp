#include "coro/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace coro {
namespace {

int open_something() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

bool is_open(int number) {
  return ::fcntl(number, F_GETFD) >= 0;
}

TEST(Descriptor, ClosesWhatItOwns) {
  const int number = open_something();
  {
    const Descriptor descriptor(number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, MovingHandsOverAndClosesWhatWasThere) {
  Descriptor from(open_something());
  Descriptor to(open_something());
  const int kept = from.number();
  const int closed = to.number();
  to = std::move(from);
  EXPECT_EQ(to.number(), kept);
  EXPECT_TRUE(is_open(kept));
  EXPECT_FALSE(is_open(closed));
}

TEST(Descriptor, WhatIsReleasedStaysOpen) {
  Descriptor descriptor(open_something());
  const Descriptor again(descriptor.release());
  EXPECT_FALSE(descriptor.is_open());
  EXPECT_TRUE(is_open(again.number()));
}

TEST(Descriptor, AFailedCallIsNone) {
  const Descriptor none(::open("/nonexistent", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(none.is_open());
}

}  // namespace
}  // namespace coro
