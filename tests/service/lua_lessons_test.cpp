#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/server.hpp"

// The Lua program from which this service descends polled one client after the other. These tests
// are about the faults of that.
namespace service {
namespace {

constexpr std::size_t thousand = 1000;

// How long one client waits for an echo, the median of many.
Clock::duration median_round_trip(SocketClient& client) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < 301; ++i) {
    const Clock::time_point begin = Clock::now();
    EXPECT_EQ("ping\n", client.echo("ping\n"));
    times.push_back(Clock::now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + 150, times.end());
  return times[150];
}

TEST(LuaLessons, AThousandIdleClientsDelayNobody) {
  raise_descriptor_limit();
  const Server server;
  SocketClient active = server.connect();
  const Clock::duration alone = median_round_trip(active);
  const std::vector<SocketClient> idle = connect_all(server, thousand);
  server.log().wait_for_line("client 1001 connected");
  const Clock::duration among_idle = median_round_trip(active);
  // Leaves room for a busy machine. Polling a thousand clients would take a thousand times as long.
  EXPECT_LT(among_idle, 3 * alone + std::chrono::milliseconds(1));
}

TEST(LuaLessons, HalfALineBlocksNobody) {
  const Server server;
  SocketClient stalled = server.connect();
  stalled.send("half a li");
  SocketClient other = server.connect();
  EXPECT_EQ("a line\n", other.echo("a line\n"));
  EXPECT_EQ("half a li", stalled.receive(9));
}

TEST(LuaLessons, ClientsBehindOneThatLeftAreServed) {
  const Server server;
  std::vector<SocketClient> clients;
  for (int i = 0; i < 5; ++i)
    clients.push_back(server.connect());
  EXPECT_EQ("2", clients[1].echo("2"));
  clients[1].close();
  clients[2].reset();
  server.log().wait_for_line("client 2 disconnected");
  server.log().wait_for_line("client 3 disconnected");
  for (const std::size_t left : std::vector<std::size_t>{0, 3, 4})
    EXPECT_EQ("still", clients[left].echo("still"));
}

TEST(LuaLessons, ClientsThatArriveAtOnceAreAllAccepted) {
  raise_descriptor_limit();
  Server server;
  const std::uint16_t port = server.port();
  // All clients pile up while the server cannot accept.
  server.process().signal(SIGSTOP);
  std::vector<SocketClient> clients;
  for (std::size_t i = 0; i < thousand; ++i)
    clients.emplace_back("127.0.0.1", port);
  for (SocketClient& client : clients)
    client.send("here");
  server.process().signal(SIGCONT);
  for (SocketClient& client : clients)
    EXPECT_EQ("here", client.receive(4));
}

}  // namespace
}  // namespace service
