#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <string_view>

#include "tests/service/process_status.hpp"
#include "tests/service/server.hpp"

// The PROXY protocol, https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt.
namespace service {
namespace {

using namespace std::string_literals;

const std::string signature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string v1 = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 8888\r\n";
const std::string v1_over_ipv6 = "PROXY TCP6 2001:db8::1 2001:db8::2 56324 8888\r\n";
// Version 2, PROXY, TCP over IPv4, 12 bytes: 192.0.2.1:56324 to 192.0.2.2:8888.
const std::string v2 = signature + "\x21\x11\0\x0c\xc0\0\x02\x01\xc0\0\x02\x02\xdc\x04\x22\xb8"s;
// TCP over IPv6, 36 bytes: [2001:db8::1]:56324 to [2001:db8::2]:8888.
const std::string v2_over_ipv6 = signature +
                                 "\x21\x21\0\x24"
                                 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                                 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xdc\x04\x22\xb8"s;
// LOCAL, no addresses: the load balancer's own health check.
const std::string v2_local = signature + "\x20\0\0\0"s;

struct Accepted {
  std::string name;
  std::string accepts;
  std::string header;
  std::string client;  // as the log shows it; empty: the connection's own address
};

class ProxyHeader : public testing::TestWithParam<Accepted> {};

void expect_client(const Server& server, const SocketClient& client, const std::string& expected) {
  server.log().wait_for_line("client 1 connected from " +
                             (expected.empty()
                                  ? client.name() + ", on "
                                  : expected + ", through " + client.name() + ", on "));
}

TEST_P(ProxyHeader, GivesTheRealClientAndIsNotEchoed) {
  const Server server("proxy_protocol: " + GetParam().accepts);
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.exchange(GetParam().header + "hello"));
  expect_client(server, client, GetParam().client);
  server.log().wait_for_line("client 1 disconnected: closed by client (5 bytes in, 5 bytes out");
}

TEST_P(ProxyHeader, MayComeByteByByte) {
  const Server server("proxy_protocol: " + GetParam().accepts);
  SocketClient client = server.connect();
  for (const char byte : GetParam().header)
    client.send({&byte, 1});
  EXPECT_EQ("hello", client.echo("hello"));
  expect_client(server, client, GetParam().client);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, ProxyHeader,
    testing::Values(Accepted{"V1OverIpv4", "v1", v1, "192.0.2.1:56324"},
                    Accepted{"V1OverIpv6", "v1", v1_over_ipv6, "[2001:db8::1]:56324"},
                    Accepted{"V1Unknown", "v1", "PROXY UNKNOWN\r\n", ""},
                    Accepted{"V2OverIpv4", "v2", v2, "192.0.2.1:56324"},
                    Accepted{"V2OverIpv6", "v2", v2_over_ipv6, "[2001:db8::1]:56324"},
                    Accepted{"V2Local", "v2", v2_local, ""},
                    Accepted{"V1WhereAnyIs", "any", v1, "192.0.2.1:56324"},
                    Accepted{"V2WhereAnyIs", "any", v2, "192.0.2.1:56324"}),
    [](const auto& header) { return header.param.name; });

struct Refused {
  std::string name;
  std::string accepts;
  std::string bytes;
};

class ProxyRefusal : public testing::TestWithParam<Refused> {};

TEST_P(ProxyRefusal, IsACloseWithItsReasonInTheLog) {
  const Server server("proxy_protocol: " + GetParam().accepts);
  SocketClient client = server.connect();
  client.send(GetParam().bytes);
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.log().wait_for_line("client 1 disconnected: proxy header: ");
}

INSTANTIATE_TEST_SUITE_P(
    Headers, ProxyRefusal,
    testing::Values(Refused{"None", "any", "hello\n"}, Refused{"V1WhereV2IsExpected", "v2", v1},
                    Refused{"V2WhereV1IsExpected", "v1", v2},
                    Refused{"AnAddressThatIsNone", "v1",
                            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n"},
                    Refused{"TooLong", "v1", "PROXY UNKNOWN " + std::string(200, 'x')},
                    Refused{"AnUnknownVersion", "v2", signature + "\x31\x11\0\x0c"s},
                    Refused{"TooShortForItsAddresses", "v2", signature + "\x21\x11\0\x01\x01"s}),
    [](const auto& header) { return header.param.name; });

TEST(ProxyProtocol, AClientThatLeavesWithinTheHeaderIsALoggedClose) {
  const Server server("proxy_protocol: v1");
  EXPECT_EQ("", server.connect().exchange("PROXY TCP4 192.0.2.1"));
  server.log().wait_for_line("client 1 disconnected: proxy header: ");
}

TEST(ProxyProtocol, IsNotGuessedWhereItIsOff) {
  const Server server;
  EXPECT_EQ(v1, server.connect().exchange(v1));
}

TEST(ProxyProtocol, FromOneWhoIsNotTrustedIsRefused) {
  const Server server("{proxy_protocol: any, trusted_proxies: [127.0.0.2, 10.0.0.0/8]}");
  SocketClient stranger = server.connect();
  stranger.send(v1);
  EXPECT_EQ("", stranger.receive_until_end());
  stranger.close();
  server.log().wait_for_line("client 1 disconnected: proxy header: not from a trusted proxy");
  SocketClient proxy("127.0.0.1", server.port(), "127.0.0.2");
  EXPECT_EQ("hello", proxy.exchange(v1 + "hello"));
}

TEST(ProxyProtocol, TheLimitPerAddressIsTheRealClients) {
  const Server server("{proxy_protocol: v1, limits: {max_connections_per_ip: 1}}");
  SocketClient first = server.connect();
  first.send(v1);
  EXPECT_EQ("1", first.echo("1"));
  SocketClient same_client = server.connect();
  same_client.send(v1);
  EXPECT_EQ("", same_client.receive_until_end());
  server.log().wait_for_line("client 2 disconnected: limit");
  SocketClient another_client = server.connect();
  another_client.send(v1_over_ipv6);
  EXPECT_EQ("3", another_client.echo("3"));
}

TEST(ProxyProtocol, OneWhoSaysNothingIsClosedAfterThreeSeconds) {
  Server server("proxy_protocol: any");
  SocketClient silent = server.connect();
  SocketClient halfway = server.connect();
  halfway.send(v1.substr(0, 20));
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
  EXPECT_EQ("", silent.receive_until_end());
  EXPECT_EQ("", halfway.receive_until_end());
  silent.close();
  halfway.close();
  const std::string late = " disconnected: proxy header: no complete PROXY header in time";
  server.log().wait_for_line("client 1" + late);
  server.log().wait_for_line("client 2" + late);
}

TEST(ProxyProtocol, OneWhoSaysNothingDoesNotDelayTheShutdown) {
  Server server("proxy_protocol: any");
  SocketClient silent = server.connect();
  server.process().signal(SIGTERM);
  EXPECT_EQ("", silent.receive_until_end());
  silent.close();
  server.expect_exit(0);
  EXPECT_EQ(1U, server.log().count_lines("client 1 disconnected: shutdown"));
}

}  // namespace
}  // namespace service
