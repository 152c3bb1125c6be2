#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

// There is at most one line at the beginning and one a second.
void expect_at_most_one_a_second(const Server& server, const std::string& notice,
                                 Clock::time_point since) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - since).count();
  const std::size_t lines = server.log().count_lines(notice);
  EXPECT_GE(lines, 1U);
  EXPECT_LE(lines, 1 + static_cast<std::size_t>(seconds));
}

TEST(MaxConnections, TheNextClientWaitsForASlotAndThenIsServed) {
  Server server("limits: {max_connections: 2}");
  SocketClient first = server.connect();
  first.echo("1");
  SocketClient second = server.connect();
  second.echo("2");
  SocketClient third = server.connect();
  third.send("3");
  server.log().wait_for_line("limits.max_connections: full, further connections wait");
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
  EXPECT_EQ(0U, server.log().count_lines("client 3"));
  EXPECT_EQ("still", first.echo("still"));
  first.close();
  EXPECT_EQ("3", third.receive(1));
}

// The clients wait together, so that one round of accepting meets them all.
TEST(MaxConnections, HoldsForACrowdThatArrivesAtOnce) {
  Server server("limits: {max_connections: 2}");
  server.process().signal(SIGSTOP);
  std::vector<SocketClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(server.connect());
    clients.back().send("x");
  }
  server.process().signal(SIGCONT);
  server.log().wait_for_line("limits.max_connections: full, further connections wait");
  EXPECT_EQ(0U, server.log().count_lines("client 3"));
  for (SocketClient& client : clients) {
    EXPECT_EQ("x", client.receive(1));
    client.close();
  }
}

// The client that was served first, and has closed.
std::size_t serve_one(std::vector<SocketClient>& clients) {
  std::vector<pollfd> ready;
  for (const SocketClient& client : clients)
    ready.push_back({.fd = client.descriptor(), .events = POLLIN, .revents = 0});
  if (poll(ready.data(), ready.size(), milliseconds_until(Clock::now() + patience)) < 1)
    throw std::runtime_error("nobody is served");
  const auto served = std::ranges::find_if(ready, [](const pollfd& p) { return p.revents != 0; });
  const auto index = static_cast<std::size_t>(served - ready.begin());
  EXPECT_EQ("x", clients[index].receive(1));
  clients[index].close();
  return index;
}

TEST(MaxConnections, EachAddressGetsItsShareOfTheSlots) {
  const std::vector<std::string> addresses = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
  const Server server(
      "{host: [127.0.0.1, 127.0.0.2, 127.0.0.3], port: 0, limits: {max_connections: 1}}", {});
  SocketClient first = server.connect();
  first.echo("first");
  std::vector<SocketClient> waiting;
  for (std::size_t i = 0; i < 30; ++i) {
    const std::string& address = addresses[i / 10];
    waiting.emplace_back(address, server.port(address));
    waiting.back().send("x");
  }
  first.close();
  std::vector<int> served(addresses.size());
  for (int i = 0; i < 15; ++i)
    ++served[serve_one(waiting) / 10];
  for (const int count : served)
    EXPECT_GE(count, 4);
}

TEST(MaxConnections, AnEstablishedClientIsServedBetweenTwoTurnsOfAccepting) {
  Server server;
  SocketClient established = server.connect();
  established.echo("a");
  server.process().signal(SIGSTOP);
  std::vector<SocketClient> crowd;
  for (int i = 0; i < 500; ++i)
    crowd.push_back(server.connect());
  established.send("b");  // behind all of them
  server.process().signal(SIGCONT);
  EXPECT_EQ("b", established.receive(1));
  server.log().wait_for_line("client 501 connected");
  const std::string log = server.log().text();
  EXPECT_LT(log.find("client 1 received 1 bytes: \"b\""), log.find("client 101 connected"));
}

TEST(MaxConnections, IsToldAtMostOnceASecondWithACount) {
  const Server server("limits: {max_connections: 1}");
  const Clock::time_point begin = Clock::now();
  SocketClient served = server.connect();
  served.echo("first");
  for (int i = 0; i < 200; ++i) {
    SocketClient next = server.connect();
    next.send("next");
    served.close();
    EXPECT_EQ("next", next.receive(4));
    served = std::move(next);
  }
  server.log().wait_for_line("times in the last second)");
  expect_at_most_one_a_second(server, "limits.max_connections: ", begin);
}

TEST(MaxConnectionsPerIp, RefusesOneMoreFromThatAddressOnly) {
  const Server server("{host: [127.0.0.1], port: 0, limits: {max_connections_per_ip: 2}}", {});
  SocketClient first = server.connect();
  SocketClient second = server.connect();
  EXPECT_EQ("1", first.echo("1"));
  EXPECT_EQ("2", second.echo("2"));
  EXPECT_EQ("", server.connect().receive_until_end());
  server.log().wait_for_line("client 3 disconnected: limit");
  server.log().wait_for_line("limits.max_connections_per_ip: connection refused");
  SocketClient other("127.0.0.1", server.port(), "127.0.0.2");
  EXPECT_EQ("other", other.echo("other"));

  first.close();
  server.log().wait_for_line("client 1 disconnected");
  EXPECT_EQ("again", server.connect().echo("again"));
}

TEST(MaxConnectionsPerIp, IsToldAtMostOnceASecondWithACount) {
  const Server server("limits: {max_connections_per_ip: 1}");
  const Clock::time_point begin = Clock::now();
  SocketClient first = server.connect();
  first.echo("1");
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ("", server.connect().receive_until_end());
  server.log().wait_for_line("times in the last second)");
  expect_at_most_one_a_second(server, "limits.max_connections_per_ip: ", begin);
}

TEST(AcceptRate, SpreadsACrowdAndServesEveryOne) {
  Server server("limits: {accept_rate: 20}");
  const Clock::time_point begin = Clock::now();
  std::vector<SocketClient> clients;
  for (int i = 0; i < 30; ++i) {
    clients.push_back(server.connect());
    clients.back().send("x");
  }
  server.log().wait_for_line("limits.accept_rate: further connections wait");
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
  for (SocketClient& client : clients)
    EXPECT_EQ("x", client.receive(1));
  EXPECT_GT(Clock::now() - begin, std::chrono::milliseconds(1300));  // 28 of them at 20 a second
  expect_at_most_one_a_second(server, "limits.accept_rate: ", begin);
}

TEST(AcceptRate, EachAddressGetsItsShare) {
  const std::vector<std::string> addresses = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
  Server server("{host: [127.0.0.1, 127.0.0.2, 127.0.0.3], port: 0, limits: {accept_rate: 50}}",
                {});
  server.process().signal(SIGSTOP);
  std::vector<SocketClient> crowd;
  for (const std::string& address : addresses)
    for (int i = 0; i < 20; ++i)
      crowd.emplace_back(address, server.port(address));
  server.process().signal(SIGCONT);
  server.log().wait_for_line("client 10 connected");  // the first use what the quiet time saved up
  std::map<std::string, int> next;                    // by the address that they have connected to
  for (int number = 11; number <= 40; ++number) {
    const std::string line =
        server.log().wait_for_line("client " + std::to_string(number) + " connected");
    ++next[line.substr(line.rfind(" on ") + 4)];
  }
  for (const std::string& address : addresses)
    EXPECT_EQ(10, next[address + ":" + std::to_string(server.port(address))]) << address;
}

TEST(IdleTimeout, IsOffUnlessToldOtherwise) {
  const Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("early", client.echo("early"));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_EQ("late", client.echo("late"));
}

TEST(IdleTimeout, BeginsAnewWithEveryByte) {
  const Server server("limits: {idle_timeout: 2s}");
  SocketClient client = server.connect();
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(2500);
  while (Clock::now() < end) {
    EXPECT_EQ("still here", client.echo("still here"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

TEST(IdleTimeout, DoesNotEndAClientThatIsStillOwedBytes) {
  const std::string bytes = random_bytes(64 * mebibyte);  // takes longer than the time-out
  const Server server("{limits: {idle_timeout: 300ms, write_timeout: 0}, log: {payload: 0}}");
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  const std::size_t sent = client.send_until_blocked(bytes, std::chrono::milliseconds(1000));
  expect_same_bytes(bytes.substr(0, sent), client.receive(sent));
}

TEST(Descriptors, TheLimitIsRaisedToWhatTheConfigurationNeeds) {
  Server server("limits: {max_connections: 500}", {"--host", "127.0.0.1", "--port", "0"},
                {"prlimit", "--nofile=100:"});
  EXPECT_GE(descriptor_limit(server.process().pid()), 500U);
  EXPECT_EQ(0U, server.log().count_lines("descriptors"));
}

TEST(Descriptors, SufficeForAllClientsThatAreAllowed) {
  Server server("limits: {max_connections: 100}", {"--host", "127.0.0.1", "--port", "0"},
                {"prlimit", "--nofile=64:"});
  std::vector<SocketClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(server.connect());
    EXPECT_EQ("x", clients.back().echo("x"));
  }
}

TEST(Descriptors, AShortfallIsTold) {
  Server server("limits: {max_connections: 500}", {"--host", "127.0.0.1", "--port", "0"},
                {"prlimit", "--nofile=100:100"});
  const std::string line = server.log().wait_for_line("limits.max_connections'");
  EXPECT_NE(std::string::npos, line.find("the system allows 100")) << line;
}

// The service has room for 50 descriptors, and more clients than that.
class OutOfDescriptors : public testing::Test {
 protected:
  OutOfDescriptors() {
    set_descriptor_limit(pid, 50);
    for (int i = 0; i < 100; ++i) {
      clients.push_back(server.connect());
      clients.back().send("x");
    }
    server.log().wait_for_line("out of descriptors: connections wait");
  }

  Server server;
  const pid_t pid = server.process().pid();
  const std::size_t usual_limit = descriptor_limit(pid);
  const Clock::time_point begin = Clock::now();
  std::vector<SocketClient> clients;
};

TEST_F(OutOfDescriptors, TheServiceDoesNotSpinAndSaysSoAtMostOnceASecond) {
  EXPECT_LT(processor_share(pid, std::chrono::seconds(2)), idle_share);
  server.log().wait_for_line("out of descriptors: connections wait (");
  expect_at_most_one_a_second(server, "out of descriptors", begin);
  EXPECT_EQ("x", clients.front().receive(1));
}

TEST_F(OutOfDescriptors, WhoWaitsIsServedWhenOthersLeave) {
  for (SocketClient& client : clients) {  // in the order they were accepted
    EXPECT_EQ("x", client.receive(1));
    client.close();
  }
}

TEST_F(OutOfDescriptors, WhoWaitsIsServedWhenTheLimitIsRaised) {
  set_descriptor_limit(pid, usual_limit);
  for (SocketClient& client : clients)
    EXPECT_EQ("x", client.receive(1));
}

TEST_F(OutOfDescriptors, TheServiceStopsAsAskedAndServesWhomItHasAccepted) {
  EXPECT_EQ("x", clients.front().receive(1));
  clients.clear();
  server.stop(SIGTERM);
}

TEST_F(OutOfDescriptors, AStopServesThoseWhoWaitAsFarAsDescriptorsGo) {
  const auto accepted = server.log().count_lines(" connected from ");
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping");
  EXPECT_EQ("x", clients[accepted].receive(1));
  clients.clear();
  server.expect_exit(0);
}

}  // namespace
}  // namespace service
