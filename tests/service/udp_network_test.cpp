#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "tests/service/datagram_client.hpp"
#include "tests/service/managed_socket.hpp"
#include "tests/service/server.hpp"

// UDP in a network that each test has to itself.
namespace service {
namespace {

class UdpNetwork : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_make_networks()) GTEST_SKIP() << "needs to make network namespaces";
  }

  // Runs a command in such a network, after these.
  static std::vector<std::string> after(const std::string& commands) {
    return {"unshare", "--map-root-user",
            "--net",   "bash",
            "-ec",     "ip link set lo up; " + commands + "exec \"$@\"",
            "bash"};
  }

  // A service on all addresses, after these commands.
  static Server serving_after(const std::string& commands) {
    return Server("{host: '*', port: 0, udp: {port: 0, rate: 0, allow: [0.0.0.0/0, '::/0']}}", {},
                  after(commands));
  }

  // Runs commands beside the service.
  static Finished run_beside(Server& server, const std::string& commands) {
    return run({"nsenter", "--target", std::to_string(server.process().pid()), "--user", "--net",
                "bash", "-ec", commands});
  }
};

TEST_F(UdpNetwork, AnAddressThatOnlyALocalRouteMakesOursAnswers) {
  Server server = serving_after(
      "ip route add local 198.51.100.0/24 dev lo; ip -6 route add local 2001:db8::/64 dev lo; ");
  const std::string port = std::to_string(server.port("udp [::]"));
  for (const std::string address : {"198.51.100.7", "2001:db8::7"}) {
    const auto ping =
        run_beside(server, "\"" COROECHO_CLIENT "\" --ping --udp --count 1 --timeout 5 " + address +
                               " " + port);
    EXPECT_EQ(0, ping.exit_code) << address << ": " << ping.output << ping.errors;
  }
}

// The socket is of the network of the test, and the service asks its own about the source.
TEST_F(UdpNetwork, ItsOwnPortIsNotAnsweredWhereIpv6SocketsTakeNoIpv4ByDefault) {
  const ManagedSocket udp = ManagedSocket::datagrams("::ffff:127.0.0.1");
  std::vector<std::string> runner = after("echo 1 > /proc/sys/net/ipv6/bindv6only; ");
  std::ranges::copy(activation({&udp}), std::back_inserter(runner));
  const Server server("", {}, runner);
  const DatagramClient same_port("127.0.0.7", udp.port());
  same_port.send("refused", "127.0.0.1", udp.port());
  EXPECT_TRUE(DatagramClient().echo("allowed", "127.0.0.1", udp.port()));
  EXPECT_FALSE(same_port.receive(std::chrono::milliseconds(0)));
}

// The link takes a packet every few seconds, so that the answers fill the socket's send buffer.
TEST_F(UdpNetwork, AFullSendBufferDropsAnswersAndCountsThem) {
  Server server = serving_after("");
  const std::string port = std::to_string(server.port("udp [::]"));
  server.process().signal(SIGSTOP);
  const auto filled = run_beside(
      server,
      "printf -v payload %1400s; "
      "for i in {1..150}; do printf %s \"$payload\" > /dev/udp/127.0.0.1/" +
          port + "; done; tc qdisc add dev lo root tbf rate 8kbit burst 1600 limit 10mb");
  ASSERT_EQ(0, filled.exit_code) << filled.errors;
  server.process().signal(SIGCONT);
  const auto deadline = Clock::now() + patience;
  std::string statistics = " 0 no buffer";
  for (std::size_t number = 1; statistics.find(" 0 no buffer") != std::string::npos; ++number) {
    ASSERT_LT(Clock::now(), deadline) << statistics;
    server.process().signal(SIGUSR1);
    statistics = server.log().wait_for_line("statistics, udp: ", number);
  }

  const auto ping = run_beside(server, "tc qdisc del dev lo root; \"" COROECHO_CLIENT
                                       "\" --ping --udp --count 1 --timeout 5 127.0.0.1 " +
                                           port);
  EXPECT_EQ(0, ping.exit_code) << ping.output << ping.errors;
}

}  // namespace
}  // namespace service
