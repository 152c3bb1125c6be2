#include <gtest/gtest.h>

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

// The cost `silent` counts that their number adds nothing to an echo.
TEST(LuaLessons, AThousandIdleClientsKeepNobodyFromAnEcho) {
  raise_descriptor_limit();
  const Server server;
  SocketClient active = server.connect();
  const std::vector<SocketClient> idle = connect_all(server, thousand);
  server.log().wait_for_line("client 1001 connected");
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ("ping\n", active.echo("ping\n"));
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
