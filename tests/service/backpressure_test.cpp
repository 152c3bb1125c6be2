#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// Clients that send for ever and never read.
namespace service {
namespace {

const std::string& flood() {
  static const std::string bytes = random_bytes(64 * mebibyte);
  return bytes;
}

// The kernel takes all of this at once.
const std::string& small_flood() {
  static const std::string bytes = random_bytes(250 * kibibyte);
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

// A client with a small receive buffer.
SocketClient connect_small(const Server& server) {
  return {"127.0.0.1", server.port(), "", 4096};
}

// The service has nothing left to send, and yet nothing arrives.
TEST(Backpressure, ASenderThatNeverReadsIsClosedThoughTheKernelHasTakenAllOfTheEcho) {
  const Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = connect_small(server);
  client.send(small_flood());
  server.log().wait_for_line("client 1 disconnected: write timeout");
}

// The client's own kernel takes nearly nothing.
TEST(Backpressure, TheKernelHoldsLittleForASenderThatNeverReads) {
  const Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = connect_small(server);
  client.send_until_blocked(flood());
  const std::string line = server.log().wait_for_line("client 1 disconnected: write timeout");
  const std::string before = " bytes in, ";
  const std::size_t sent = std::stoul(line.substr(line.find(before) + before.size()));
  EXPECT_GT(sent, 64 * kibibyte) << line;
  EXPECT_LT(sent, 1536 * kibibyte) << line;
}

TEST(Backpressure, ASenderThatNeverReadsIsClosedOverAUnixSocketToo) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const Server server(
      "{host: [], unix: " + path.string() + ", limits: {write_timeout: 1s}, log: {payload: 0}}",
      {});
  SocketClient client(path);
  client.send(small_flood().substr(0, 50 * kibibyte));
  server.log().wait_for_line("client 1 disconnected: write timeout");
}

// Otherwise a few connections a second would fill all the memory that the kernel has for sockets.
TEST(Backpressure, OneThatHalfClosesAndNeverReadsKeepsItsSlotUntilItIsClosed) {
  const Server server("{limits: {write_timeout: 1s, max_connections: 1}, log: {payload: 0}}");
  SocketClient stuck = connect_small(server);
  stuck.send(small_flood());
  stuck.half_close();
  EXPECT_EQ("next", server.connect().echo("next"));
  server.log().wait_for_line("client 2 connected");
  const std::string log = server.log().text();
  EXPECT_LT(log.find("client 1 disconnected: write timeout"), log.find("client 2 connected"));
}

// 60 KiB a second.
void receive_slowly(SocketClient& client, std::string& received, std::size_t size) {
  while (received.size() < size) {
    received += client.receive(std::min(size - received.size(), 3 * kibibyte));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST(Backpressure, OneThatReadsSlowlyAndSteadilyIsNotClosed) {
  const Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = connect_small(server);
  const std::size_t sent = client.send_until_blocked(flood());
  std::string received;
  receive_slowly(client, received, 240 * kibibyte);  // for four time-outs
  received += client.receive(sent - received.size());
  expect_same_bytes(flood().substr(0, sent), received);
}

TEST(Backpressure, OneThatHalfClosesAndReadsSlowlyGetsEverything) {
  const Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = connect_small(server);
  client.send(small_flood());
  client.half_close();
  std::string received;
  receive_slowly(client, received, small_flood().size());
  expect_same_bytes(small_flood(), received);
  EXPECT_EQ("", client.receive_until_end());
  server.log().wait_for_line("client 1 disconnected: closed by client");
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
  server.connect().exchange(flood());  // makes the service allocate what it allocates only once
  const std::size_t before = resident_bytes(pid);

  constexpr std::size_t count = 16;
  std::vector<SocketClient> stuck;
  for (std::size_t i = 0; i < count; ++i) {
    stuck.push_back(server.connect());
    stuck.back().send_until_blocked(flood(), std::chrono::milliseconds(50));
  }
  const double share = processor_share(pid);
  EXPECT_LT(share, idle_share);
  // For each client: the rest of one read of 256 KiB, and a coroutine's stack.
  const std::size_t most = count * (256 + 64) * kibibyte + mebibyte;
  if (!sanitized) {
    EXPECT_LT(resident_bytes(pid), before + most);
  }
}

}  // namespace
}  // namespace service
