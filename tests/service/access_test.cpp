#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/service/server.hpp"
#include "tests/temporary_directory.hpp"

// access.allow, access.deny and limits.ipv6_prefix. Every address of 127.0.0.0/8 is this machine.
namespace service {
namespace {

const std::string refused_line = "access: connection refused, latest from ";

SocketClient connect_from(const Server& server, const std::string& source) {
  return {"127.0.0.1", server.port(), source};
}

void expect_served(const Server& server, const std::string& source) {
  SocketClient client = connect_from(server, source);
  EXPECT_EQ("hello", client.echo("hello")) << source;
}

void expect_refused(const Server& server, const std::string& source) {
  EXPECT_EQ("", connect_from(server, source).receive_until_end()) << source;
}

TEST(Access, RefusesWhoIsDeniedAndServesTheOthers) {
  const Server server("access: {deny: [127.0.0.2/31, 127.1.0.0/16]}");
  expect_served(server, "127.0.0.1");
  expect_refused(server, "127.0.0.2");
  expect_refused(server, "127.0.0.3");
  expect_refused(server, "127.1.2.3");
  expect_served(server, "127.0.0.4");
}

TEST(Access, RefusesWhoIsNotAllowedIfAnybodyIs) {
  const Server server("access: {allow: [127.0.0.0/24], deny: [127.0.0.64/26]}");
  expect_served(server, "127.0.0.1");
  expect_refused(server, "127.0.0.65");
  expect_refused(server, "127.0.1.1");
}

// One that has sent already would see a reset if its bytes were left unread.
TEST(Access, ARefusedClientSeesAPlainCloseAlsoIfItHasSent) {
  Server server("access: {deny: [127.0.0.2]}");
  server.process().signal(SIGSTOP);
  SocketClient client = connect_from(server, "127.0.0.2");
  client.send(std::string(100'000, 'x'));
  server.process().signal(SIGCONT);
  EXPECT_EQ("", client.receive_until_end());
}

TEST(Access, ARefusedClientHasNoNumberAndNoLineOfItsOwn) {
  const Server server("access: {deny: [127.0.0.2]}");
  expect_refused(server, "127.0.0.2");
  server.log().wait_for_line(refused_line + "127.0.0.2");
  expect_served(server, "127.0.0.1");
  server.log().wait_for_line("client 1 connected from 127.0.0.1:");
  EXPECT_EQ(0U, server.log().count_lines("client 2"));
}

TEST(Access, RefusalsAreLoggedAtMostOnceASecondWithACount) {
  const Server server("access: {deny: [127.0.0.0/8]}");
  const Clock::time_point begin = Clock::now();
  constexpr std::size_t crowd = 500;
  for (std::size_t i = 0; i < crowd; ++i)
    expect_refused(server, "127.0.1." + std::to_string(i % 200 + 1));
  server.log().wait_for_line("times in the last second)");
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(Clock::now() - begin).count();
  EXPECT_LE(server.log().count_lines("access: "), 1 + static_cast<std::size_t>(seconds));
  EXPECT_EQ(0U, server.log().count_lines("client "));
}

TEST(Access, RefusalsAreJsonInAJsonLog) {
  const Server server("{access: {deny: [127.0.0.2]}, log: {format: json}}");
  expect_refused(server, "127.0.0.2");
  const auto line = nlohmann::json::parse(server.log().wait_for_line(refused_line));
  EXPECT_EQ("warning", line["level"]);
}

TEST(Access, RefusalsAreCountedByReason) {
  Server server("{access: {deny: [127.0.0.2]}, admin: {port: 0}}");
  for (int i = 0; i < 3; ++i)
    expect_refused(server, "127.0.0.2");
  expect_served(server, "127.0.0.1");
  server.process().signal(SIGUSR1);
  server.log().wait_for_line("; 4 accepted, 0 active, 1 peak");
  server.log().wait_for_line(
      " statistics, refused: 0 limit, 0 proxy header, 0 handshake failed, 3 not allowed");
}

TEST(Access, AReloadHoldsForTheNextClientsAndEndsNobody) {
  Server server;
  SocketClient before = connect_from(server, "127.0.0.2");
  before.echo("before");
  reload(server, "access: {deny: [127.0.0.2]}");
  expect_refused(server, "127.0.0.2");
  EXPECT_EQ("still", before.echo("still"));
  reload(server, "access: {allow: [127.0.0.2]}");
  expect_served(server, "127.0.0.2");
  expect_refused(server, "127.0.0.1");
  EXPECT_EQ("here", before.echo("here"));
}

TEST(Access, ABadNetworkIsOneErrorLineAndTheOldListsStay) {
  Server server("access: {deny: [127.0.0.2]}");
  server.write_configuration("access: {deny: [127.0.0.3, 127.0.0.1/8]}");
  server.process().signal(SIGHUP);
  server.log().wait_for_line("not reloaded: ");
  expect_refused(server, "127.0.0.2");
  expect_served(server, "127.0.0.3");
}

TEST(Access, TheAddressesOfIpv6AreDecidedByTheirOwnNetworks) {
  const Server server("{host: \"::1\", port: 0, access: {deny: [\"::1\"]}}", {});
  EXPECT_EQ("", SocketClient("::1", server.port("[::1]")).receive_until_end());
  server.log().wait_for_line(refused_line + "::1");
}

TEST(Access, AClientOfIpv4IsOneOnASocketOfBothFamiliesToo) {
  const Server server(
      "{host: \"::\", port: 0, access: {allow: [127.0.0.0/24, \"::/0\"], deny: [127.0.0.2]}}", {});
  const std::uint16_t port = server.port("[::]");
  SocketClient served("127.0.0.1", port);
  EXPECT_EQ("hello", served.echo("hello"));
  SocketClient served_too("::1", port);
  EXPECT_EQ("hello", served_too.echo("hello"));
  EXPECT_EQ("", SocketClient("127.0.0.1", port, "127.0.0.2").receive_until_end());
  EXPECT_EQ("", SocketClient("127.0.0.1", port, "127.9.0.1").receive_until_end());
}

TEST(Access, DoesNotConcernAUnixSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "echo";
  const Server server("{unix: " + path + ", access: {deny: [0.0.0.0/0, \"::/0\"]}}");
  SocketClient client{std::filesystem::path(path)};
  EXPECT_EQ("hello", client.echo("hello"));
  expect_refused(server, "127.0.0.1");
}

// ---- behind a load balancer

std::string header_of(const std::string& address) {
  return "PROXY TCP4 " + address + " 192.0.2.9 56324 8888\r\n";
}

TEST(Access, BehindAProxyTheRealClientCountsAndTheProxyDoesNot) {
  const Server server(
      "{proxy_protocol: any, access: {allow: [192.0.2.0/24], deny: [192.0.2.7, 127.0.0.0/8]}}");
  SocketClient served = server.connect();
  EXPECT_EQ("hello", served.exchange(header_of("192.0.2.1") + "hello"));
  for (const std::string address : {"192.0.2.7", "198.51.100.1"}) {
    SocketClient refused = server.connect();
    EXPECT_EQ("", refused.exchange(header_of(address) + "hello"));
  }
  server.log().wait_for_line(refused_line + "192.0.2.7");
  EXPECT_EQ(1U, server.log().count_lines(" connected from "));
}

TEST(Access, AProxysOwnHealthCheckIsServed) {
  const Server server("{proxy_protocol: v2, access: {allow: [192.0.2.0/24]}}");
  SocketClient proxy = server.connect();
  const std::string local("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
  EXPECT_EQ("hello", proxy.exchange(local + "hello"));
}

TEST(Access, AHeaderWithoutAnAddressStandsForTheConnectionsOwn) {
  const Server server("{proxy_protocol: v1, access: {deny: [127.0.0.2]}}");
  SocketClient served = server.connect();
  EXPECT_EQ("hello", served.exchange("PROXY UNKNOWN\r\nhello"));
  SocketClient refused = connect_from(server, "127.0.0.2");
  EXPECT_EQ("", refused.exchange("PROXY UNKNOWN\r\nhello"));
}

// ---- lists of ten thousand

std::string ten_thousand_networks() {
  std::string list;
  for (int i = 0; i < 10'000; ++i) {
    list += "10." + std::to_string(i / 250) + '.' + std::to_string(i % 250) + ".0/24, ";
    if (i % 4 == 0) list += "\"2001:db8:" + std::to_string(i) + "::/48\", ";
  }
  return list;
}

TEST(Access, TenThousandNetworksLoadAndReloadAtOnce) {
  const std::string list = ten_thousand_networks();
  Server server("access: {deny: [" + list + "127.0.0.2]}");
  expect_served(server, "127.0.0.1");
  expect_refused(server, "127.0.0.2");
  SocketClient stays = server.connect();
  stays.echo("before");
  reload(server, "access: {deny: [" + list + "127.0.0.1]}");
  expect_refused(server, "127.0.0.1");
  expect_served(server, "127.0.0.2");
  EXPECT_EQ("after", stays.echo("after"));
}

// ---- limits.ipv6_prefix

// A PROXY header gives a client any address.
SocketClient connect_as(const Server& server, const std::string& address) {
  SocketClient client = server.connect();
  client.send("PROXY TCP6 " + address + " 2001:db8::9 56324 8888\r\nx");
  return client;
}

TEST(Ipv6Prefix, ANetworkHasOneShareOfTheConnections) {
  const Server server("{proxy_protocol: any, limits: {max_connections_per_ip: 2}}");
  SocketClient first = connect_as(server, "2001:db8:0:1::1");
  SocketClient second = connect_as(server, "2001:db8:0:1:ffff::2");
  EXPECT_EQ("x", first.receive(1));
  EXPECT_EQ("x", second.receive(1));
  EXPECT_EQ("", connect_as(server, "2001:db8:0:1::3").receive_until_end());
  SocketClient neighbour = connect_as(server, "2001:db8:0:2::1");
  EXPECT_EQ("x", neighbour.receive(1));
}

TEST(Ipv6Prefix, OfAllBitsCountsSingleAddresses) {
  const Server server(
      "{proxy_protocol: any, limits: {max_connections_per_ip: 1, ipv6_prefix: 128}}");
  SocketClient first = connect_as(server, "2001:db8:0:1::1");
  SocketClient second = connect_as(server, "2001:db8:0:1::2");
  EXPECT_EQ("x", first.receive(1));
  EXPECT_EQ("x", second.receive(1));
  EXPECT_EQ("", connect_as(server, "2001:db8:0:1::1").receive_until_end());
}

}  // namespace
}  // namespace service
