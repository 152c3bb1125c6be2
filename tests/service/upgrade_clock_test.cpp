#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/patience.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"
#include "tests/service/upgrade.hpp"

// Times and limits that began before an upgrade go on. If an upgrade began them anew, as many
// upgrades as these tests make would put them off for ever.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

// Upgrades again and again, with pauses, until it holds. Returns whether it did before `most` time
// had passed, which ends the upgrades.
bool upgrade_until(Server& server, const std::function<bool()>& holds,
                   std::chrono::milliseconds most = 10s) {
  for (const auto until = Clock::now() + most; !holds();) {
    if (Clock::now() > until) return false;
    upgrade(server);
    std::this_thread::sleep_for(100ms);
  }
  return true;
}

// Whether the service has sent its FIN. Takes what has come before it.
bool has_ended(SocketClient& client) {
  std::array<char, 64> bytes{};
  ssize_t size = 0;
  while ((size = ::recv(client.descriptor(), bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0) {
  }
  return size == 0;
}

void expect_ending_of(const Server& server, const std::string& client, const std::string& ending) {
  EXPECT_THAT(server.log().wait_for_line(client + " disconnected: "), HasSubstr(ending));
}

TEST(UpgradeKeepsTheTime, OfAnEchoThatIsHeldBack) {
  Server server("faults: {delay: 1s}");
  SocketClient client = server.connect();
  const Clock::time_point begin = Clock::now();
  client.send("hello");
  server.log().wait_for_line("client 1 received 5 bytes");
  std::string echo;
  EXPECT_TRUE(
      upgrade_until(server, [&] { return !(echo = client.receive_until_quiet(1ms)).empty(); }));
  EXPECT_EQ("hello", echo);
  EXPECT_GE(Clock::now() - begin, 1s);
  const Clock::time_point again = Clock::now();  // the fault goes on
  EXPECT_EQ("again", client.echo("again"));
  EXPECT_GE(Clock::now() - again, 1s);
}

TEST(UpgradeKeepsTheTime, OfAnEchoAtARate) {
  Server server("{faults: {rate: 40KiB}, log: {payload: 0}}");
  const std::string bytes = random_bytes(std::size_t{40} * 1024);
  SocketClient client = server.connect();
  const Clock::time_point begin = Clock::now();
  client.send(bytes);
  std::string echo;
  EXPECT_TRUE(upgrade_until(server, [&] {
    echo += client.receive_until_quiet(1ms);
    return echo.size() >= bytes.size();
  }));
  expect_same_bytes(bytes, echo);
  EXPECT_GE(Clock::now() - begin, 900ms);
}

TEST(UpgradeKeepsTheTime, AfterWhichAFaultCloses) {
  Server server("{faults: {close_after: 1s}, log: {payload: 0}}");
  const Clock::time_point begin = Clock::now();
  SocketClient idle = server.connect();
  SocketClient talking = server.connect();
  bool talks = true;
  EXPECT_TRUE(upgrade_until(server, [&] {
    if (talks) talking.send("x");
    talks = talks && !has_ended(talking);
    return !talks && has_ended(idle);
  }));
  EXPECT_GE(Clock::now() - begin, 1s);
  idle.close();
  talking.close();
  expect_ending_of(server, "client 1", "fault: close_after ");
  expect_ending_of(server, "client 2", "fault: close_after ");
}

TEST(UpgradeKeepsTheTime, OfAClientThatIsIdle) {
  Server server("limits: {idle_timeout: 1s}");
  SocketClient first = server.connect();
  EXPECT_EQ("first", first.echo("first"));
  const Clock::time_point begin = Clock::now();
  EXPECT_TRUE(upgrade_until(server, [&] { return has_ended(first); }));
  EXPECT_GE(Clock::now() - begin, 900ms);
  first.close();
  expect_ending_of(server, "client 1", "idle timeout ");
}

TEST(UpgradeKeepsTheTime, ButNotOfAClientWithoutAnIdleTimeout) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("first", client.echo("first"));
  std::this_thread::sleep_for(600ms);
  EXPECT_EQ("again", client.echo("again"));
  server.write_configuration("limits: {idle_timeout: 500ms}");
  const Clock::time_point begin = Clock::now();
  upgrade(server);
  EXPECT_EQ("", client.receive_until_end());
  EXPECT_GE(Clock::now() - begin, 500ms);
  client.close();
  expect_ending_of(server, "client 1", "idle timeout ");
}

TEST(UpgradeKeepsTheTime, InWhichAProxyHeaderMustCome) {
  Server server("proxy_protocol: v1");
  SocketClient client = server.connect();
  client.send("PROXY TCP4 192.0.2.1");
  EXPECT_TRUE(upgrade_until(server, [&] { return has_ended(client); }));
  client.close();
  expect_ending_of(server, "client 1", "proxy header: no complete PROXY header in time");
}

TEST(UpgradeKeepsTheTime, OfTheServiceAndItsCounts) {
  Server server;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ("hello", server.connect().exchange("hello"));
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  server.log().wait_for_line(" disconnected: ", 3);
  upgrade(server);
  upgrade(server);
  EXPECT_EQ("hello", client.echo("hello"));
  server.process().signal(SIGUSR1);
  const std::string line = server.log().wait_for_line("statistics: ");
  EXPECT_THAT(line, HasSubstr("1 active"));
  EXPECT_THAT(line, HasSubstr("4 accepted"));
  server.log().wait_for_line("statistics, echo: 25 bytes in");
}

TEST(UpgradeKeepsLimits, WhoWaitsForASlotWaitsOn) {
  Server server("limits: {max_connections: 2}");
  SocketClient first = server.connect();
  SocketClient second = server.connect();
  EXPECT_EQ("1", first.echo("1"));
  EXPECT_EQ("2", second.echo("2"));
  SocketClient third = server.connect();
  third.send("3");
  server.log().wait_for_line("limits.max_connections: full, further connections wait");
  EXPECT_THAT(upgrade(server), HasSubstr(", 2 connections kept"));
  EXPECT_EQ("still", first.echo("still"));
  EXPECT_EQ(0U, server.log().count_lines("client 3"));
  first.close();
  EXPECT_EQ("3", third.receive(1));
  upgrade(server);
  EXPECT_EQ("4", third.echo("4"));
}

TEST(UpgradeKeepsLimits, WhoIsConnectedStaysWhateverTheNewConfigurationAllows) {
  Server server;
  SocketClient first = server.connect();
  SocketClient second = server.connect();
  EXPECT_EQ("1", first.echo("1"));
  EXPECT_EQ("2", second.echo("2"));
  server.write_configuration(
      "{limits: {max_connections: 1, max_connections_per_ip: 1}, access: {deny: [0.0.0.0/0]}}");
  EXPECT_THAT(upgrade(server), HasSubstr(", 2 connections kept"));
  EXPECT_EQ("still 1", first.echo("still 1"));
  EXPECT_EQ("still 2", second.echo("still 2"));
}

TEST(UpgradeKeepsLimits, OfOneAddress) {
  Server server("limits: {max_connections_per_ip: 2}");
  SocketClient first = server.connect();
  SocketClient second = server.connect();
  EXPECT_EQ("1", first.echo("1"));
  EXPECT_EQ("2", second.echo("2"));
  upgrade(server);
  EXPECT_EQ("", server.connect().receive_until_end());
  server.log().wait_for_line("client 3 disconnected: limit");
  first.close();
  server.log().wait_for_line("client 1 disconnected");
  EXPECT_EQ("again", server.connect().echo("again"));
}

}  // namespace
}  // namespace service
