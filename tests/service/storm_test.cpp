#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// Very many clients that misbehave.
namespace service {
namespace {

TEST(Storm, TenThousandThatConnectAndResetLeaveNothingBehind) {
  Server server("log: {events: [disconnect]}");
  const pid_t pid = server.process().pid();
  const std::size_t descriptors = open_descriptors(pid);
  const std::size_t crowd = scaled(10000);
  for (std::size_t i = 0; i < crowd; ++i) {
    server.connect().reset();
    if (i % 500 == 0) {
      EXPECT_EQ("meanwhile", server.connect().echo("meanwhile"));
    }
  }
  EXPECT_EQ("afterwards", server.connect().echo("afterwards"));
  EXPECT_TRUE(wait_for_open_descriptors(pid, descriptors));
  EXPECT_LT(processor_share(pid), idle_share);
}

// Connects a crowd that sends a byte each and then stalls, and closes it again.
void stall(Server& server, std::size_t count) {
  const pid_t pid = server.process().pid();
  const std::size_t descriptors = open_descriptors(pid);
  std::vector<SocketClient> crowd;
  for (std::size_t i = 0; i < count; ++i) {
    crowd.push_back(server.connect());
    crowd.back().send("x");
  }
  for (SocketClient& client : crowd)
    EXPECT_EQ("x", client.receive(1));
  EXPECT_EQ("meanwhile", server.connect().echo("meanwhile"));
  EXPECT_LT(processor_share(pid), idle_share);
  crowd.clear();
  EXPECT_TRUE(wait_for_open_descriptors(pid, descriptors));
}

TEST(Storm, AThousandThatStallAfterAByteLeaveNothingBehind) {
  raise_descriptor_limit();
  Server server("log: {events: [disconnect]}");
  stall(server, scaled(1000));
  const std::size_t before = resident_bytes(server.process().pid());
  for (int i = 0; i < 2; ++i)
    stall(server, scaled(1000));
  // The next crowd uses the memory of the first.
  if (!sanitized) {
    EXPECT_LT(resident_bytes(server.process().pid()), before + mebibyte);
  }
}

}  // namespace
}  // namespace service
