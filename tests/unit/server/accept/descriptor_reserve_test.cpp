#include "server/accept/descriptor_reserve.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "coro/descriptor.hpp"

namespace server {
namespace {

class DescriptorReserveTest : public testing::Test {
 protected:
  DescriptorReserveTest() { ::getrlimit(RLIMIT_NOFILE, &usual_); }
  ~DescriptorReserveTest() override { ::setrlimit(RLIMIT_NOFILE, &usual_); }
  DescriptorReserveTest(const DescriptorReserveTest&) = delete;
  DescriptorReserveTest& operator=(const DescriptorReserveTest&) = delete;

  void limit(rlim_t most) const {
    rlimit changed = usual_;
    changed.rlim_cur = most;
    ASSERT_EQ(0, ::setrlimit(RLIMIT_NOFILE, &changed));
  }
  // Clients come for as long as there is room. Returns the highest descriptor.
  int accept_all() {
    while (reserve_.leaves_room(STDIN_FILENO)) {
      clients_.emplace_back(::dup(STDIN_FILENO));
      reserve_.count(clients_.back().number());
    }
    return clients_.back().number();
  }

  rlimit usual_{};
  DescriptorReserve reserve_;
  std::vector<coro::Descriptor> clients_;
};

TEST_F(DescriptorReserveTest, IsAQuarterOfTheLimitAndAtMost64) {
  limit(200);
  EXPECT_EQ(150, accept_all());
  limit(1000);
  EXPECT_EQ(1000 - 64, accept_all());
}

TEST_F(DescriptorReserveTest, HasRoomAgainWhenAClientLeaves) {
  limit(200);
  accept_all();
  EXPECT_FALSE(reserve_.leaves_room(STDIN_FILENO));
  clients_.front().close();
  EXPECT_TRUE(reserve_.leaves_room(STDIN_FILENO));
}

TEST_F(DescriptorReserveTest, CountsAnewWhenTheLimitWasLowered) {
  limit(400);
  while (clients_.size() < 250) {
    clients_.emplace_back(::dup(STDIN_FILENO));
    reserve_.count(clients_.back().number());
  }
  limit(200);
  EXPECT_TRUE(reserve_.leaves_room(STDIN_FILENO));  // nothing shows it yet
  reserve_.count(-1);
  EXPECT_FALSE(reserve_.leaves_room(STDIN_FILENO));
}

}  // namespace
}  // namespace server
