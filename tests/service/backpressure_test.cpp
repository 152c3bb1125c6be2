#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// Clients that send for ever and never read.
namespace service {
namespace {

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

const std::string& flood() {
  static const std::string bytes = random_bytes(64 * mebibyte);
  return bytes;
}

TEST(Backpressure, ASenderThatNeverReadsIsStoppedAndThenClosed) {
  const Server server("{limits: {write_timeout: 2s}, log: {payload: 0}}");
  SocketClient client = server.connect();
  EXPECT_LT(client.send_until_blocked(flood()), flood().size());
  server.log().wait_for_line("client 1 disconnected: write timeout");
  try {
    client.send("more");
    client.send("more");
    ADD_FAILURE() << "still connected";
  } catch (const std::system_error& error) {
    EXPECT_TRUE(error.code().value() == ECONNRESET || error.code().value() == EPIPE);
  }
}

TEST(Backpressure, OneThatReadsAgainLosesNothing) {
  const Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  const std::size_t sent = client.send_until_blocked(flood());
  expect_same_bytes(flood().substr(0, sent), client.receive(sent));
  client.half_close();
  EXPECT_EQ("", client.receive_until_end());
}

TEST(Backpressure, OthersAreServedMeanwhile) {
  const Server server("log: {payload: 0}");
  SocketClient stuck = server.connect();
  stuck.send_until_blocked(flood());
  EXPECT_EQ("hello", server.connect().echo("hello"));
}

TEST(Backpressure, CostsOneBufferAndNoProcessorTime) {
  Server server("log: {payload: 0}");
  const pid_t pid = server.process().pid();
  server.connect().exchange(flood());  // whatever is allocated once, is now
  const std::size_t before = resident_bytes(pid);

  constexpr std::size_t count = 16;
  std::vector<SocketClient> stuck;
  for (std::size_t i = 0; i < count; ++i) {
    stuck.push_back(server.connect());
    stuck.back().send_until_blocked(flood(), std::chrono::milliseconds(50));
  }
  const double share = processor_share(pid);
  EXPECT_LT(share, idle_share);
  // The rest of one read of 256 KiB for each, and a coroutine's stack.
  const std::size_t most = count * (256 + 64) * kibibyte + mebibyte;
  if (!sanitized) {
    EXPECT_LT(resident_bytes(pid), before + most);
  }
}

}  // namespace
}  // namespace service
