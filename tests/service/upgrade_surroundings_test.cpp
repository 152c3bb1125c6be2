#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/service/datagram_client.hpp"
#include "tests/service/managed_socket.hpp"
#include "tests/service/server.hpp"
#include "tests/service/upgrade.hpp"
#include "tests/unit/server/notify_receiver.hpp"

// The surroundings of a service stay through an upgrade: sockets that it inherits, the service
// manager, the pid file, the log, other instances.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string status_of(std::uint16_t port) {
  SocketClient client("127.0.0.1", port);
  client.send("GET /status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return client.receive_until_end();
}

TEST(UpgradeKeeps, SocketsThatAreInherited) {
  const TemporaryDirectory directory;
  const fs::path path = directory / "inherited.sock";
  const ManagedSocket tcp(AF_INET);
  const ManagedSocket local(path);
  const ManagedSocket admin(AF_INET);
  const ManagedSocket udp(AF_INET, SOCK_DGRAM, false);
  Server server("", on_any_port, activation({&tcp, &local, &admin, &udp}, "a:b:admin:c"));
  SocketClient client("127.0.0.1", tcp.port());
  EXPECT_EQ("before", client.echo("before"));
  const std::size_t listening = server.log().count_lines("listening on ");
  for (int i = 0; i < 3; ++i)
    upgrade(server);
  EXPECT_EQ("after", client.echo("after"));
  EXPECT_EQ("tcp", SocketClient("127.0.0.1", tcp.port()).echo("tcp"));
  EXPECT_EQ("unix", SocketClient(path).echo("unix"));
  EXPECT_THAT(status_of(admin.port()), HasSubstr("200 OK"));
  EXPECT_EQ("udp", DatagramClient().echo("udp", "127.0.0.1", udp.port()).value().payload);
  EXPECT_EQ(listening, server.log().count_lines("listening on "));
  server.write_configuration("backlog: 7");
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" reloaded");
  EXPECT_EQ("reloaded", SocketClient("127.0.0.1", tcp.port()).echo("reloaded"));
  client.close();
  server.stop(SIGTERM);
  EXPECT_TRUE(fs::exists(path));                // it belongs to the service manager
  SocketClient waits("127.0.0.1", tcp.port());  // as does the socket
}

// The number of the descriptor becomes that of a client.
TEST(UpgradeKeeps, TheOthersIfASocketThatIsInheritedWasShutDown) {
  const ManagedSocket lost(AF_INET);
  const ManagedSocket tcp(AF_INET);
  const ManagedSocket udp(AF_INET, SOCK_DGRAM, false);
  const ManagedSocket admin(AF_INET);
  Server server("", on_any_port, activation({&lost, &tcp, &udp, &admin}, "a:b:c:admin"));
  lost.shut_down();
  server.log().wait_for_line("no longer listening on 127.0.0.1:");
  admin.shut_down();
  server.log().wait_for_line("admin no longer on ");
  SocketClient first("127.0.0.1", tcp.port());
  SocketClient second("127.0.0.1", tcp.port());
  EXPECT_EQ("before", first.echo("before"));
  EXPECT_EQ("before", second.echo("before"));
  for (int i = 0; i < 2; ++i)
    upgrade(server);
  EXPECT_EQ("after", first.echo("after"));
  EXPECT_EQ("after", second.echo("after"));
  EXPECT_EQ("new", SocketClient("127.0.0.1", tcp.port()).echo("new"));
  EXPECT_EQ("udp", DatagramClient().echo("udp", "127.0.0.1", udp.port()).value().payload);
}

TEST(UpgradeKeeps, ItsAddressesAndItsAdminEndpoint) {
  Server server("{host: [127.0.0.1, 127.0.0.2], port: 0, udp: {port: 0}, admin: {port: 0}}", {});
  const std::string before = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(before);
  const auto admin =
      static_cast<std::uint16_t>(std::stoi(line.substr(line.find(before) + before.size())));
  const std::uint16_t port = server.port();
  const std::uint16_t other = server.port("127.0.0.2");
  const std::uint16_t udp = server.port("udp 127.0.0.1");
  const std::size_t lines = server.log().count_lines("");
  upgrade(server);
  upgrade(server);
  EXPECT_EQ(lines + 2, server.log().count_lines("")) << server.log().text();
  EXPECT_EQ("one", SocketClient("127.0.0.1", port).echo("one"));
  EXPECT_EQ("two", SocketClient("127.0.0.2", other).echo("two"));
  EXPECT_EQ("udp", DatagramClient().echo("udp", "127.0.0.1", udp).value().payload);
  EXPECT_THAT(status_of(admin), HasSubstr("200 OK"));
}

TEST(UpgradeKeeps, AnAnswerOfTheAdminEndpointThatIsInProgress) {
  Server server("admin: {port: 0}");
  const std::string before = "admin on http://127.0.0.1:";
  const std::string line = server.log().wait_for_line(before);
  const auto port =
      static_cast<std::uint16_t>(std::stoi(line.substr(line.find(before) + before.size())));
  SocketClient slow("127.0.0.1", port);
  slow.send("GET /status HTTP/1.1\r\nHost: a\r\n");
  server.process().signal(SIGRTMIN);
  slow.send("Connection: close\r\n\r\n");
  EXPECT_THAT(slow.receive_until_end(), HasSubstr("200 OK"));
  server.log().wait_for_line(" upgraded to coroecho ");
  EXPECT_THAT(status_of(port), HasSubstr("200 OK"));
}

// Each datagram is answered once: those that come meanwhile wait in the socket.
TEST(UpgradeKeeps, DatagramsThatComeMeanwhile) {
  Server server("{host: [127.0.0.1], port: 0, udp: {port: 0, rate: 0}, log: {events: []}}", {});
  const std::uint16_t port = server.port("udp 127.0.0.1");
  const DatagramClient client;
  std::set<std::string> answered;
  int sent = 0;
  for (std::size_t upgrades = 1; upgrades <= 5; ++upgrades) {
    server.process().signal(SIGRTMIN);
    do {
      // The socket has room for some two hundred.
      const bool room = sent < static_cast<int>(answered.size()) + 100;
      if (room) client.send(std::to_string(++sent), "127.0.0.1", port);
      std::this_thread::sleep_for(1ms);
      while (const auto datagram = client.receive(0ms))
        EXPECT_TRUE(answered.insert(datagram->payload).second) << datagram->payload;
    } while (server.log().count_lines(" upgraded to coroecho ") < upgrades);
  }
  while (static_cast<int>(answered.size()) < sent) {
    const auto datagram = client.receive();
    ASSERT_TRUE(datagram) << answered.size() << " of " << sent;
    EXPECT_TRUE(answered.insert(datagram->payload).second) << datagram->payload;
  }
  EXPECT_FALSE(client.receive(50ms));
}

TEST(UpgradeKeeps, DatagramsThatFaultsHoldBack) {
  Server server("{host: [127.0.0.1], port: 0, udp: {port: 0}, faults: {delay: 500ms}}", {});
  const DatagramClient client;
  for (int i = 0; i < 5; ++i)
    client.send(std::to_string(i), "127.0.0.1", server.port("udp 127.0.0.1"));
  server.log().wait_for_line("received 1 bytes", 5);
  upgrade(server);
  std::set<std::string> answers;
  for (int i = 0; i < 5; ++i)
    answers.insert(client.receive().value().payload);
  EXPECT_EQ(5U, answers.size());
  EXPECT_FALSE(client.receive(50ms));
}

// The new program goes on without being asked.
TEST(UpgradeKeeps, TheWatchdogFed) {
  const TemporaryDirectory directory;
  const std::string address = directory / "notify";
  NotifyReceiver manager(address);
  Server server("", on_any_port, {"env", "NOTIFY_SOCKET=" + address, "WATCHDOG_USEC=400000"});
  manager.wait_for("READY=1");
  for (int i = 0; i < 5; ++i) {
    upgrade(server);
    manager.wait_for("READY=1");
    EXPECT_EQ("WATCHDOG=1", manager.wait_for("WATCHDOG=1"));
    EXPECT_EQ("WATCHDOG=1", manager.wait_for("WATCHDOG=1"));
  }
}

// The client numbers in the lines of a log with `event`, each at most once.
std::set<int> numbers(const std::string& log, const std::string& event) {
  std::set<int> numbers;
  const std::regex form("client ([0-9]+) " + event);
  for (std::sregex_iterator match(log.begin(), log.end(), form), end; match != end; ++match)
    EXPECT_TRUE(numbers.insert(std::stoi((*match)[1])).second) << match->str();
  return numbers;
}

TEST(UpgradeOfInstances, OnOnePortRefusesNobodyAndLogsEachClient) {
  const std::string configuration =
      "{host: [127.0.0.1], reuse_port: true, log: {events: [connect, disconnect]}}";
  std::vector<std::unique_ptr<Server>> instances;
  instances.push_back(
      std::make_unique<Server>(configuration, std::vector<std::string>{"--port", "0"}));
  const std::uint16_t port = instances.front()->port();
  while (instances.size() < 4)
    instances.push_back(std::make_unique<Server>(
        configuration, std::vector<std::string>{"--port", std::to_string(port)}));

  std::atomic<bool> stop = false;
  std::atomic<std::size_t> served = 0;
  std::string failure;
  std::thread clients([&] {
    try {
      for (; !stop; ++served)
        if (SocketClient("127.0.0.1", port).exchange("hello") != "hello")
          throw std::runtime_error("another echo");
    } catch (const std::exception& error) {
      failure = error.what();
    }
  });
  for (int round = 0; round < 3; ++round)
    for (const auto& instance : instances)
      upgrade(*instance);
  stop = true;
  clients.join();
  EXPECT_EQ("", failure);

  std::size_t logged = 0;
  for (const auto& instance : instances) {
    instance->stop(SIGTERM);
    const std::string log = instance->log().text();
    const std::set<int> connected = numbers(log, "connected");
    EXPECT_EQ(connected, numbers(log, "disconnected"));
    if (!connected.empty()) {
      EXPECT_EQ(static_cast<int>(connected.size()), *connected.rbegin());
    }
    logged += connected.size();
  }
  EXPECT_EQ(served, logged);
}

}  // namespace
}  // namespace service
