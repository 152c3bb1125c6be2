#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"

namespace service {
namespace {

TEST(Echo, ReturnsEveryByteValue) {
  Server server;
  SocketClient client = server.connect();
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes.push_back(static_cast<char>(value));
  EXPECT_EQ(bytes, client.echo(bytes));
}

TEST(Echo, NeedsNoNewline) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("hel", client.echo("hel"));
  EXPECT_EQ("lo", client.echo("lo"));
  EXPECT_EQ("\n", client.echo("\n"));
}

TEST(Echo, ClosesAfterAClientThatSentNothing) {
  Server server;
  SocketClient client = server.connect();
  EXPECT_EQ("", client.exchange(""));
}

// By default an urgent byte is taken out of the stream (tcp(7)), and would be lost.
TEST(Echo, ReturnsUrgentBytesInTheirPlace) {
  Server server;
  SocketClient client = server.connect();
  client.send("before ");
  for (const char* urgent : {"!", "?"}) {
    ASSERT_EQ(1, ::send(client.descriptor(), urgent, 1, MSG_OOB));
    client.send(" between ");
  }
  EXPECT_EQ("before ! between ? between ", client.receive(27));
}

// Linux has urgent bytes of Unix sockets since 5.15. An accepted socket does not inherit
// SO_OOBINLINE.
TEST(Echo, ReturnsUrgentBytesOfUnixSocketsInTheirPlace) {
  const TemporaryDirectory directory;
  const Server server("unix: " + (directory / "echo").string());
  server.log().wait_for_line("listening on unix");
  for (const std::string text : {"a!b", "!", "a!", "!a", "a!!b", "!?"}) {
    SocketClient client(directory / "echo");
    for (const char byte : text) {
      const int flags = byte == '!' ? MSG_OOB : 0;
      ASSERT_EQ(1, ::send(client.descriptor(), &byte, 1, flags)) << text;
    }
    client.half_close();
    EXPECT_EQ(text, client.receive_until_end());
  }
}

// The sizes of buffers, one byte less and one byte more.
class EchoOfSize : public testing::TestWithParam<std::size_t> {};

TEST_P(EchoOfSize, ReturnsEverythingAfterHalfClose) {
  Server server;
  SocketClient client = server.connect();
  const std::string bytes = random_bytes(GetParam());
  expect_same_bytes(bytes, client.exchange(bytes));
}

TEST_P(EchoOfSize, ReturnsEverythingWhenReadOnlyAfterHalfClose) {
  Server server;
  SocketClient client = server.connect();
  const std::string bytes = random_bytes(GetParam());
  client.send(bytes);
  client.half_close();
  expect_same_bytes(bytes, client.receive_until_end());
}

INSTANTIATE_TEST_SUITE_P(Sizes, EchoOfSize,
                         testing::Values(1, 65535, 65536, 65537, 262143, 262144, 262145),
                         testing::PrintToStringParamName());

TEST(Echo, Returns64MebibytesThroughHalfClose) {
  Server server;
  SocketClient client = server.connect();
  const std::string bytes = random_bytes(std::size_t{64} * 1024 * 1024);
  expect_same_bytes(bytes, client.exchange(bytes));
}

TEST(Echo, ReturnsManySmallPiecesInOrder) {
  Server server;
  SocketClient client = server.connect();
  const std::string bytes = random_bytes(2000);
  for (std::size_t begin = 0; begin < bytes.size(); ++begin)
    client.send(bytes.substr(begin, 1));
  expect_same_bytes(bytes, client.receive(bytes.size()));
}

TEST(Echo, KeepsClientsApart) {
  Server server;
  std::vector<SocketClient> clients;
  for (int i = 0; i < 50; ++i)
    clients.push_back(server.connect());
  for (std::size_t i = 0; i < clients.size(); ++i)
    clients[i].send(random_bytes(10000, i));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    expect_same_bytes(random_bytes(10000, i), clients[i].receive(10000));
  }
}

TEST(Echo, LocalhostMeansBothAddressFamilies) {
  Server server("", {"--host", "localhost", "--port", "0"});
  SocketClient over_ipv4("127.0.0.1", server.port("127.0.0.1"));
  EXPECT_EQ("four", over_ipv4.echo("four"));
  SocketClient over_ipv6("::1", server.port("[::1]"));
  EXPECT_EQ("six", over_ipv6.echo("six"));
}

TEST(Echo, ListensOnEveryConfiguredHost) {
  Server server("host: [127.0.0.1, 127.0.0.2, '::1']\nport: 0\n", {});
  EXPECT_EQ("1", SocketClient("127.0.0.1", server.port("127.0.0.1")).echo("1"));
  EXPECT_EQ("2", SocketClient("127.0.0.2", server.port("127.0.0.2")).echo("2"));
  EXPECT_EQ("6", SocketClient("::1", server.port("[::1]")).echo("6"));
}

TEST(Echo, PortZeroTakesAFreePortEachTime) {
  Server one;
  Server other;
  EXPECT_NE(0, one.port());
  EXPECT_NE(one.port(), other.port());
}

}  // namespace
}  // namespace service
