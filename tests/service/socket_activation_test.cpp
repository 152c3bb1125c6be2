#include <gmock/gmock.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tests/service/datagram_client.hpp"
#include "tests/service/exit_codes.hpp"
#include "tests/service/managed_socket.hpp"
#include "tests/service/server.hpp"

// Listening sockets that the service inherits, sd_listen_fds(3), with the test as the service
// manager.
namespace service {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

std::string answer_of(std::uint16_t port, const std::string& path) {
  SocketClient client("127.0.0.1", port);
  client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return client.receive_until_end();
}

TEST(SocketActivation, ServesWhatItInheritsInsteadOfWhatIsConfigured) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "inherited.sock";
  const std::filesystem::path configured = directory / "configured.sock";
  const ManagedSocket tcp4(AF_INET);
  const ManagedSocket tcp6(AF_INET6);
  const ManagedSocket local(path);
  const std::string port = std::to_string(tcp4.port());
  // These addresses are in use, so the service could not start if it listened on them.
  Server server("unix: " + configured.string(), {"--host", "127.0.0.1", "--port", port},
                activation({&tcp4, &tcp6, &local}, "a:b:c"));
  EXPECT_EQ("four", SocketClient("127.0.0.1", tcp4.port()).echo("four"));
  EXPECT_EQ("six", SocketClient("::1", tcp6.port()).echo("six"));
  EXPECT_EQ("unix", SocketClient(path).echo("unix"));
  EXPECT_FALSE(std::filesystem::exists(configured));
  EXPECT_NO_THROW(server.log().wait_for_line("listening on 127.0.0.1:" + port + " (inherited)"));
  EXPECT_NO_THROW(server.log().wait_for_line("listening on [::1]:" + std::to_string(tcp6.port()) +
                                             " (inherited)"));
  EXPECT_NO_THROW(
      server.log().wait_for_line("listening on unix:" + path.string() + " (inherited)"));
  server.stop(SIGTERM);
  EXPECT_EQ(3U, server.log().count_lines(" info listening on "));
  EXPECT_TRUE(std::filesystem::exists(path));  // the file belongs to the service manager
}

// Those that wait since before the service has run, for which the kernel has noted less.
TEST(SocketActivation, AnswersTheDatagramsThatStartedIt) {
  const ManagedSocket udp = ManagedSocket::datagrams();
  const DatagramClient over_ipv4("127.0.0.1");
  const DatagramClient over_ipv6("::1");
  const DatagramClient to_everybody("127.0.0.1");
  const int on = 1;
  ASSERT_EQ(0, setsockopt(to_everybody.descriptor(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on));
  to_everybody.send("everybody", "127.255.255.255", udp.port());
  over_ipv4.send("four", "127.0.0.2", udp.port(), 10);
  over_ipv6.send("six", "::1", udp.port());
  Server server("port: 0", {}, activation({&udp}));
  const auto four = over_ipv4.receive();
  ASSERT_TRUE(four);
  EXPECT_EQ("four", four->payload);
  EXPECT_EQ("127.0.0.2", four->from);
  EXPECT_EQ(9, four->ttl);
  const auto six = over_ipv6.receive();
  ASSERT_TRUE(six);
  EXPECT_EQ("six", six->payload);
  EXPECT_FALSE(to_everybody.receive(0ms));
  EXPECT_EQ("later", over_ipv4.echo("later", "127.0.0.1", udp.port()).value().payload);
  server.log().wait_for_line("listening on udp [::]:" + std::to_string(udp.port()) +
                             " (inherited)");
}

// The kernel sends to such clients with the TTL that the socket has for IPv4.
TEST(SocketActivation, AnswersFromAnIpv4MappedAddressHaveOneHopLess) {
  const ManagedSocket udp = ManagedSocket::datagrams("::ffff:127.0.0.1");
  const Server server("{port: 0, udp: {allow: [127.0.0.5]}}", {}, activation({&udp}));
  const DatagramClient refused("127.0.0.6");
  refused.send("not allowed", "127.0.0.1", udp.port());
  const DatagramClient client("127.0.0.5");
  for (const int ttl : {10, 10, 5, 30, 30})
    EXPECT_EQ(ttl - 1, client.echo("hello", "127.0.0.1", udp.port(), ttl).value().ttl);
  EXPECT_EQ(0U, server.log().count_lines("not allowed\""));
  EXPECT_FALSE(refused.receive(std::chrono::milliseconds(0)));
}

bool kernel_has_mptcp() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
  close(descriptor);
  return descriptor >= 0;
}

// SocketProtocol=mptcp in a socket unit. Such a socket lacks options of TCP, for example urgent
// bytes, which clients without MPTCP have.
TEST(SocketActivation, ServesMultipathTcpAsTcp) {
  if (!kernel_has_mptcp()) GTEST_SKIP() << "this kernel has no Multipath TCP";
  const ManagedSocket echo(AF_INET, SOCK_STREAM, true, IPPROTO_MPTCP);
  const ManagedSocket admin(AF_INET, SOCK_STREAM, true, IPPROTO_MPTCP);
  Server server("tcp: {keepalive: 30s}", {}, activation({&echo, &admin}, "a:admin"));
  SocketClient client("127.0.0.1", echo.port());
  EXPECT_EQ("hello", client.echo("hello"));
  ASSERT_EQ(1, ::send(client.descriptor(), "!", 1, MSG_OOB));
  EXPECT_EQ("!", client.receive(1));
  EXPECT_THAT(answer_of(admin.port(), "/healthz"), HasSubstr("\r\n\r\nok\n"));
  server.process().signal(SIGHUP);
  server.log().wait_for_line("reloaded");
  const std::string bytes(1 << 20, 'x');
  EXPECT_EQ(bytes, SocketClient("127.0.0.1", echo.port()).exchange(bytes));
  server.stop(SIGTERM);
}

TEST(SocketActivation, TheOneNamedAdminIsTheAdminEndpoint) {
  const ManagedSocket echo(AF_INET);
  const ManagedSocket admin(AF_INET);
  const std::string taken = std::to_string(echo.port());
  const Server server("admin: {port: " + taken + "}", {}, activation({&admin, &echo}, "admin:b"));
  EXPECT_NO_THROW(server.log().wait_for_line(
      "admin on http://127.0.0.1:" + std::to_string(admin.port()) + "/ (inherited)"));
  EXPECT_THAT(answer_of(admin.port(), "/readyz"), HasSubstr(" 200 OK\r\n"));
  EXPECT_EQ("hello", SocketClient("127.0.0.1", echo.port()).echo("hello"));
}

TEST(SocketActivation, WithOnlyTheAdminSocketTheRestIsAsConfigured) {
  const ManagedSocket admin(AF_INET);
  const Server server("", {"--host", "127.0.0.1", "--port", "0"}, activation({&admin}, "admin"));
  EXPECT_EQ("hello", server.connect().echo("hello"));
  EXPECT_THAT(answer_of(admin.port(), "/readyz"), HasSubstr(" 200 OK\r\n"));
}

TEST(SocketActivation, AReloadKeepsTheSocketsAndAppliesTheRest) {
  const ManagedSocket echo(AF_INET);
  const ManagedSocket admin(AF_INET);
  Server server("host: [127.0.0.1]", {}, activation({&echo, &admin}, "a:admin"));
  SocketClient client("127.0.0.1", echo.port());
  EXPECT_EQ("before", client.echo("before"));
  server.write_configuration("{host: [127.0.0.2], port: 0, admin: {port: 0}, proxy_protocol: v1}");
  server.process().signal(SIGHUP);
  server.log().wait_for_line(" reloaded");
  EXPECT_EQ("after", client.echo("after"));
  SocketClient proxied("127.0.0.1", echo.port());
  proxied.send("PROXY TCP4 192.0.2.7 192.0.2.8 4711 7\r\nhello");
  EXPECT_EQ("hello", proxied.receive(5));
  EXPECT_NO_THROW(server.log().wait_for_line("connected from 192.0.2.7:4711"));
  EXPECT_THAT(answer_of(admin.port(), "/readyz"), HasSubstr(" 200 OK\r\n"));
  EXPECT_EQ(1U, server.log().count_lines(" info listening on "));
  EXPECT_EQ(0U, server.log().count_lines("no longer listening"));
}

TEST(SocketActivation, WhoConnectedBeforeTheStartIsServed) {
  const ManagedSocket echo(AF_INET);
  SocketClient early("127.0.0.1", echo.port());
  early.send("early");
  const Server server("", {}, activation({&echo}));
  EXPECT_EQ("early", early.receive(5));
  early.close();
}

TEST(SocketActivation, WhoIsStillWaitingWhenItStopsIsServedByTheNext) {
  const ManagedSocket echo(AF_INET);
  std::optional<SocketClient> second;
  {
    Server full("limits: {max_connections: 1}", {}, activation({&echo}));
    SocketClient first("127.0.0.1", echo.port());
    first.echo("first");
    second.emplace("127.0.0.1", echo.port());
    second->send("second");
    full.process().signal(SIGTERM);
    EXPECT_EQ("", first.receive_until_end());
    first.close();
    full.expect_exit(0);
  }
  const Server next("", {}, activation({&echo}));
  EXPECT_EQ("second", second->receive(6));
  second->close();
}

TEST(SocketActivation, RestartsUnderLoadRefuseNobody) {
  const ManagedSocket echo(AF_INET);
  std::atomic<bool> stop = false;
  std::atomic<int> echoed = 0;
  std::atomic<int> drained = 0;  // accepted before the signal, but its bytes came after
  std::string failure;
  std::thread clients([&] {
    try {
      while (!stop) {
        SocketClient client("127.0.0.1", echo.port());
        (client.exchange("hello") == "hello" ? echoed : drained)++;
      }
    } catch (const std::exception& error) {
      failure = error.what();
    }
  });
  constexpr int restarts = 10;
  for (int restart = 0; restart < restarts; ++restart) {
    Server server("log: {events: []}", {}, activation({&echo}));
    const int before = echoed;
    const Clock::time_point deadline = Clock::now() + patience;
    while (echoed < before + 20 && Clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    server.stop(SIGTERM);
  }
  const Server last("", {}, activation({&echo}));  // serves the clients that wait now
  stop = true;
  clients.join();
  EXPECT_EQ("", failure);
  EXPECT_GE(echoed, restarts * 20);
  EXPECT_LE(drained, restarts);
}

TEST(SocketActivation, SocketsForAnotherProcessAreIgnored) {
  const ManagedSocket other(AF_INET);
  const Server server("", {"--host", "127.0.0.1", "--port", "0"},
                      activation({&other}, "", "LISTEN_PID=1"));
  EXPECT_EQ("hello", server.connect().echo("hello"));
  EXPECT_EQ(0U, server.log().count_lines("(inherited)"));
}

TEST(SocketActivation, DatagramsAreEchoedOnAnInheritedUdpSocketWhichStaysOpen) {
  const ManagedSocket tcp(AF_INET);
  const ManagedSocket udp(AF_INET, SOCK_DGRAM, false);
  const DatagramClient client;
  {
    Server server("{udp: {port: 0}}", {}, activation({&tcp, &udp}));
    server.log().wait_for_line("listening on udp 127.0.0.1:" + std::to_string(udp.port()) +
                               " (inherited)");
    EXPECT_EQ("one", client.echo("one", "127.0.0.1", udp.port())->payload);
    EXPECT_EQ(63, client.echo("one", "127.0.0.1", udp.port(), 64)->ttl);
    server.stop(SIGTERM);
    EXPECT_EQ(1U, server.log().count_lines("listening on udp") -
                      server.log().count_lines("no longer listening on udp"));
  }
  client.send("waits", "127.0.0.1", udp.port());
  const Server next("port: 0", {}, activation({&udp}));
  EXPECT_EQ("waits", client.receive()->payload);
}

TEST(SocketActivation, AnInheritedUdpSocketThatIsShutDownIsReported) {
  const ManagedSocket tcp(AF_INET);
  const ManagedSocket udp(AF_INET, SOCK_DGRAM, false);
  Server server("", {}, activation({&tcp, &udp}));
  server.log().wait_for_line("listening on udp ");
  udp.shut_down();
  server.log().wait_for_line("no longer listening on udp 127.0.0.1:" + std::to_string(udp.port()) +
                             ": the socket was shut down");
  EXPECT_EQ("still", SocketClient("127.0.0.1", tcp.port()).echo("still"));
}

struct UnfitSocket {
  std::string name;
  std::vector<std::string> runner;
  std::string message;
};

class SocketActivationMisfit : public testing::TestWithParam<std::string> {};

TEST_P(SocketActivationMisfit, IsOneLineAndExit78) {
  const ManagedSocket bound(AF_INET, SOCK_STREAM, false);
  const ManagedSocket datagram(AF_INET, SOCK_DGRAM, false);
  const ManagedSocket good(AF_INET);
  const ManagedSocket good_too(AF_INET);
  const std::vector<UnfitSocket> misfits = {
      {"Bound", activation({&bound}), "descriptor 3 ('unknown'): is no listening stream socket"},
      {"Datagram", activation({&good, &datagram}, "a:admin"),
       "descriptor 4 ('admin'): is a UDP socket"},
      {"TwoAdmins", activation({&good, &good_too}, "admin:admin"),
       "descriptor 4 ('admin'): is the second of that name"},
      {"Names", activation({&good}, "a:b"), "LISTEN_FDNAMES: found 2 names for 1 sockets"},
      {"Count", activation({&good}, "", "LISTEN_FDS=all"), "LISTEN_FDS: found 'all'"}};
  for (const UnfitSocket& misfit : misfits) {
    if (misfit.name != GetParam()) continue;
    std::vector<std::string> command = misfit.runner;
    command.emplace_back(COROECHO);
    const Finished finished = run(command);
    EXPECT_EQ(config_error, finished.exit_code);
    EXPECT_EQ("", finished.output);
    EXPECT_THAT(finished.errors, HasSubstr(misfit.message));
    EXPECT_EQ(1, std::count(finished.errors.begin(), finished.errors.end(), '\n'));
  }
}

INSTANTIATE_TEST_SUITE_P(Sockets, SocketActivationMisfit,
                         testing::Values("Bound", "Datagram", "TwoAdmins", "Names", "Count"),
                         [](const auto& misfit) { return misfit.param; });

TEST(SocketActivation, AnInheritedSocketThatIsShutDownEndsTheServiceWhenTheLastClientHasGone) {
  const ManagedSocket tcp(AF_INET);
  const ManagedSocket admin(AF_INET);
  Server server("", {}, activation({&tcp, &admin}, "echo:admin"));
  SocketClient client("127.0.0.1", tcp.port());
  client.echo("before");
  tcp.shut_down();
  server.log().wait_for_line("error no longer listening on ");
  EXPECT_THAT(answer_of(admin.port(), "/readyz"), HasSubstr("503"));
  EXPECT_EQ("after", client.echo("after"));
  client.close();
  server.expect_exit(69);
  server.log().wait_for_line("critical no socket to listen on is left");
}

}  // namespace
}  // namespace service
