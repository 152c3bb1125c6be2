#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

// The process stands still for longer than a time-out (SIGSTOP, `docker pause`, a virtual machine's
// backup) while its clients do not.
namespace service {
namespace {

using std::chrono::milliseconds;

// More clients than are served in one turn, so that some turns come after the time-outs.
constexpr std::size_t crowd = 300;

// Freezes the service for longer than `time`, and calls `act` meanwhile. A timer is due before
// that, so that the service learns of the time before it learns of the clients.
template <typename Act>
void freeze(Server& server, milliseconds time, Act act) {
  server.process().signal(SIGSTOP);
  std::this_thread::sleep_for(milliseconds(300));
  act();
  std::this_thread::sleep_for(time);
  server.process().signal(SIGCONT);
}

TEST(Freeze, WhoHasSentMeanwhileWasNotIdle) {
  Server server("{limits: {idle_timeout: 1s}, log: {events: [disconnect]}}");
  std::vector<SocketClient> clients = connect_all(server, crowd);
  for (SocketClient& client : clients)
    client.echo("a");
  freeze(server, milliseconds(1200), [&] {
    for (SocketClient& client : clients)
      client.send("still here");
  });
  for (SocketClient& client : clients)
    EXPECT_EQ("still here", client.receive(10));
}

TEST(Freeze, WhoHasClosedMeanwhileWasNotIdle) {
  Server server("{limits: {idle_timeout: 1s}, log: {events: [disconnect]}}");
  std::vector<SocketClient> clients = connect_all(server, crowd);
  for (SocketClient& client : clients)
    client.echo("a");
  freeze(server, milliseconds(1200), [&] { clients.clear(); });
  server.log().wait_for_line("disconnected: closed by client", crowd);
}

TEST(Freeze, AProxyHeaderThatHasComeMeanwhileIsInTime) {
  Server server("{proxy_protocol: v1, log: {events: [disconnect]}}");
  std::vector<SocketClient> clients = connect_all(server, crowd);
  // All clients have been accepted, the last of them before this one.
  SocketClient last = server.connect();
  last.send("PROXY UNKNOWN\r\n");
  last.echo("accepted");
  freeze(server, milliseconds(3200), [&] {
    for (SocketClient& client : clients)
      client.send("PROXY UNKNOWN\r\nhello");
  });
  for (SocketClient& client : clients)
    EXPECT_EQ("hello", client.receive(5));
}

TEST(Freeze, IsNotHeldAgainstAClientThatIsAboutToRead) {
  Server server("{limits: {write_timeout: 1s}, log: {payload: 0}}");
  SocketClient client = server.connect();
  const std::string flood = random_bytes(std::size_t{64} * 1024 * 1024);
  const std::size_t sent = client.send_until_blocked(flood);
  freeze(server, milliseconds(1500), [] {});
  std::this_thread::sleep_for(milliseconds(200));
  expect_same_bytes(flood.substr(0, sent), client.receive(sent));
}

TEST(Freeze, WhatHasComeBeforeAConnectionsTimeIsUpGoesBack) {
  Server server("{faults: {close_after: 1s}, log: {events: [disconnect]}}");
  std::vector<SocketClient> clients = connect_all(server, crowd);
  for (SocketClient& client : clients)
    client.echo("a");
  freeze(server, milliseconds(1200), [&] {
    for (SocketClient& client : clients)
      client.send("in time");
  });
  for (SocketClient& client : clients)
    EXPECT_EQ("in time", client.receive_until_end());
}

}  // namespace
}  // namespace service
