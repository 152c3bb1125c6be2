#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <system_error>

#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

class ShutdownBy : public testing::TestWithParam<int> {};

TEST_P(ShutdownBy, ExitsZeroWithoutClients) {
  Server server;
  server.stop(GetParam());
}

TEST_P(ShutdownBy, SendsFinToAnIdleClientAndExitsZero) {
  Server server;
  SocketClient client = server.connect();
  client.echo("here");
  server.process().signal(GetParam());
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
  EXPECT_EQ(1U, server.log().count_lines("client 1 disconnected: shutdown"));
}

INSTANTIATE_TEST_SUITE_P(Signals, ShutdownBy, testing::Values(SIGTERM, SIGINT),
                         [](const auto& signal) {
                           return std::string(signal.param == SIGTERM ? "SIGTERM" : "SIGINT");
                         });

// The bytes that were received from client 1, by the log.
std::size_t bytes_received(const std::string& log) {
  const std::string before = "client 1 received ";
  std::size_t sum = 0;
  for (std::size_t at = log.find(before); at != std::string::npos; at = log.find(before, at + 1)) {
    sum += std::stoul(log.substr(at + before.size(), 20));
  }
  return sum;
}

TEST(Shutdown, EchoesWhatItHasReceived) {
  Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  // More than the sockets' buffers hold. The client does not read, so the server waits.
  const std::string bytes = random_bytes(std::size_t{64} * 1024 * 1024);
  const std::size_t sent = client.send_until_blocked(bytes);
  server.process().signal(SIGTERM);
  const std::string echoed = client.receive_until_end();
  client.close();
  server.expect_exit(0);

  EXPECT_LE(bytes_received(server.log().text()), echoed.size());
  EXPECT_LE(echoed.size(), sent);
  expect_same_bytes(bytes.substr(0, echoed.size()), echoed);
}

TEST(Shutdown, RefusesNewClientsWhileOneIsLeft) {
  Server server;
  SocketClient client = server.connect();
  client.echo("here");
  server.process().signal(SIGTERM);
  EXPECT_EQ("", client.receive_until_end());
  try {
    server.connect();
    ADD_FAILURE() << "connected";
  } catch (const std::system_error& error) {
    EXPECT_EQ(ECONNREFUSED, error.code().value());
  }
  client.close();
  server.expect_exit(0);
}

TEST(Shutdown, TheSecondSignalStopsAtOnceWithExitOne) {
  Server server;
  SocketClient client = server.connect();
  client.echo("here");
  server.process().signal(SIGTERM);
  EXPECT_EQ("", client.receive_until_end());  // and stays, so that the drain goes on
  server.stop(SIGTERM, 1);
}

}  // namespace
}  // namespace service
