#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>

#include "tests/service/server.hpp"

namespace service {
namespace {

TEST(Logging, CountsClientsFromOneWithTheirAddresses) {
  Server server;
  const SocketClient first = server.connect();
  server.log().wait_for_line("client 1 connected from " + first.name() +
                             ", on 127.0.0.1:" + std::to_string(server.port()));
  const SocketClient second = server.connect();
  server.log().wait_for_line("client 2 connected from " + second.name());
}

TEST(Logging, ShowsAnIpv6ClientInBrackets) {
  Server server("", {"--host", "::1", "--port", "0"});
  const SocketClient client("::1", server.port("[::1]"));
  server.log().wait_for_line("client 1 connected from " + client.name());
}

TEST(Logging, TellsConnectReceiveAndDisconnect) {
  Server server;
  SocketClient client = server.connect();
  client.echo("hello\n");
  server.log().wait_for_line("client 1 received 6 bytes");
  client.close();
  server.log().wait_for_line("client 1 disconnected: closed by client");
}

TEST(Logging, TellsAResetFromAClose) {
  Server server;
  SocketClient client = server.connect();
  client.echo("hello\n");
  client.reset();
  server.log().wait_for_line("client 1 disconnected: reset by client");
}

TEST(Logging, ShowsWhatWasReceived) {
  Server server;
  server.connect().echo("tell me");
  const std::string line = server.log().wait_for_line("client 1 received 7 bytes");
  EXPECT_NE(std::string::npos, line.find("tell me")) << line;
}

TEST(Logging, AClientCannotForgeALine) {
  Server server;
  const std::string forged = "client 7 disconnected: limit";
  for (const std::string line_end :
       {"\n", "\r", "\r\n", "\v", "\f", "\x1b[2K", "\xc2\x85", "\xe2\x80\xa8"}) {
    server.connect().exchange("x" + line_end + forged + line_end);
  }
  server.stop(SIGTERM);
  const std::string log = server.log().wait_for_end();
  for (std::size_t at = log.find(forged); at != std::string::npos; at = log.find(forged, at + 1)) {
    const std::size_t line = log.rfind('\n', at) + 1;
    EXPECT_NE(std::string::npos, log.substr(line, at - line).find(" received "))
        << "begins a line: " << log.substr(line, at - line + forged.size());
  }
  EXPECT_EQ(8U, server.log().count_lines(forged)) << "what was received is shown, escaped\n" << log;
}

// The log has no C0 or C1 controls, which a terminal would obey, and only UTF-8.
bool plain_text(const std::string& line) {
  return std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

TEST(Logging, EscapesControlBytesAndInvalidUtf8) {
  Server server("log: {payload: 300}");
  std::string bytes;
  for (int value = 0; value < 256; ++value)
    bytes.push_back(static_cast<char>(value));
  server.connect().echo(bytes);
  const std::string line = server.log().wait_for_line("client 1 received 256 bytes");
  EXPECT_TRUE(plain_text(line)) << line;
}

TEST(Logging, CutsThePayload) {
  Server server("log: {payload: 8}");
  server.connect().echo("abcdefghSECRET");
  const std::string line = server.log().wait_for_line("client 1 received 14 bytes");
  EXPECT_NE(std::string::npos, line.find("abcdefgh")) << line;
  EXPECT_EQ(std::string::npos, line.find('S')) << line;
}

TEST(Logging, ShowsSixtyFourBytesUnlessToldOtherwise) {
  Server server;
  server.connect().echo(std::string(64, 'a') + "b");
  const std::string line = server.log().wait_for_line("client 1 received 65 bytes");
  EXPECT_NE(std::string::npos, line.find(std::string(64, 'a'))) << line;
  EXPECT_EQ(std::string::npos, line.find(std::string(64, 'a') + "b")) << line;
}

TEST(Logging, APayloadOfZeroShowsTheSizeOnly) {
  Server server("log: {payload: 0}");
  server.connect().echo("SECRET");
  const std::string line = server.log().wait_for_line("client 1 received 6 bytes");
  EXPECT_EQ(std::string::npos, line.find("SECRET")) << line;
}

}  // namespace
}  // namespace service
