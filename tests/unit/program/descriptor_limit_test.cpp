#include "program/descriptor_limit.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace program {
namespace {

class DescriptorLimit : public testing::Test {
 protected:
  DescriptorLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

  static rlim_t present() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
  }
  void set(rlim_t limit) const {
    const rlimit changed{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &changed), 0);
  }

  rlimit before_{};
};

TEST_F(DescriptorLimit, IsRaisedToWhatIsNeeded) {
  set(100);
  EXPECT_EQ(raise_descriptor_limit(120), 120U);
  EXPECT_EQ(present(), 120U);
}

TEST_F(DescriptorLimit, IsNotLoweredWhereItIsLarger) {
  set(120);
  EXPECT_EQ(raise_descriptor_limit(100), 120U);
  EXPECT_EQ(present(), 120U);
}

TEST_F(DescriptorLimit, IsRaisedAsFarAsTheSystemAllows) {
  set(100);
  EXPECT_EQ(raise_descriptor_limit(before_.rlim_max + 1), before_.rlim_max);
  EXPECT_EQ(present(), before_.rlim_max);
}

}  // namespace
}  // namespace program
