#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// The end of the service while clients are busy.
namespace service {
namespace {

// The log reports for each stream that the service received and sent exactly the echoed bytes.
void expect_same_counts(const std::string& log, const std::vector<Stream>& streams) {
  for (const Stream& stream : streams) {
    const std::string bytes = std::to_string(stream.received());
    const std::string expected = "\"peer\":\"" + stream.name() +
                                 "\",\"reason\":\"shutdown\",\"bytes_in\":" + bytes +
                                 ",\"bytes_out\":" + bytes + ",";
    EXPECT_NE(std::string::npos, log.find(expected)) << expected;
  }
}

TEST(Drain, InTheMiddleOfTwoHundredStreamsLosesNoReceivedByte) {
  raise_descriptor_limit();
  Server server("{log: {format: json, events: [disconnect]}, shutdown: {timeout: 60s}}");
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < 200; ++i)
    streams.emplace_back(server.connect(), Stream::Plan{.seed = i, .piece = 1000 * (i % 65 + 1)});
  // The server waits to send to every tenth of them.
  for (std::size_t i = 0; i < streams.size(); i += 10)
    streams[i].read(false);
  run(streams, [&] {
    return std::all_of(streams.begin(), streams.end(),
                       [](const Stream& stream) { return stream.sent() > scaled(200'000); });
  });
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping");
  for (Stream& stream : streams)
    stream.read(true);
  run(streams);
  server.expect_exit(0);

  for (const Stream& stream : streams) {
    EXPECT_TRUE(stream.got_fin()) << stream.name();
    EXPECT_TRUE(stream.same()) << stream.name();
  }
  expect_same_counts(server.log().text(), streams);
}

// The client's own buffer is full too, which the service does not know yet when it begins to drain.
TEST(Drain, EndsWithWhatHadArrivedThoughMoreComes) {
  Server server("{shutdown: {timeout: 1h}, log: {payload: 0}}");
  SocketClient client = server.connect();
  const std::string flood = random_bytes(64 * mebibyte);
  const std::size_t sent = client.send_until_blocked(flood);
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping");
  const std::string echoed = client.receive_until_end();
  EXPECT_LT(echoed.size(), sent);
  expect_same_bytes(flood.substr(0, echoed.size()), echoed);
  client.close();
  server.expect_exit(0);
}

TEST(Drain, EndsByForceWhenTimeIsUp) {
  Server server("{shutdown: {timeout: 300ms}, log: {payload: 0}}");
  SocketClient stuck = server.connect();
  stuck.send_until_blocked(random_bytes(64 * mebibyte));
  server.process().signal(SIGTERM);
  server.expect_exit(1);
  EXPECT_EQ(1U, server.log().count_lines("1 connections did not end in time"));
  EXPECT_EQ(1U, server.log().count_lines("stopped by force"));
}

TEST(Drain, TakesNoProcessorTime) {
  Server server("log: {payload: 0}");
  SocketClient stuck = server.connect();
  stuck.send_until_blocked(random_bytes(64 * mebibyte));
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping");
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
  stuck.receive_until_end();
  stuck.close();
  server.expect_exit(0);
}

TEST(Drain, TheSecondSignalEndsItAtOnce) {
  Server server("{shutdown: {timeout: 1h}, limits: {write_timeout: 1h}, log: {payload: 0}}");
  SocketClient stuck = server.connect();
  stuck.send_until_blocked(random_bytes(64 * mebibyte));
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping");
  server.stop(SIGINT, 1);
}

// The service hears first of whoever came first.
TEST(Drain, WhoHasConnectedButWasNotAcceptedYetIsServed) {
  for (const bool signal_comes_first : {false, true}) {
    Server server;
    const std::uint16_t port = server.port();
    server.process().signal(SIGSTOP);
    if (signal_comes_first) server.process().signal(SIGTERM);
    std::vector<SocketClient> crowd;  // of more than are accepted in a turn
    for (int i = 0; i < 400; ++i) {
      crowd.emplace_back("127.0.0.1", port);
      crowd.back().send("here");
    }
    if (!signal_comes_first) server.process().signal(SIGTERM);
    server.process().signal(SIGCONT);
    for (SocketClient& client : crowd) {
      EXPECT_EQ("here", client.receive_until_end());
      client.close();
    }
    server.expect_exit(0);
  }
}

TEST(ShutdownDelay, KeepsServingAndAccepting) {
  Server server("shutdown: {delay: 1h}");
  SocketClient before = server.connect();
  server.process().signal(SIGTERM);
  server.log().wait_for_line("stopping in 3600000 ms");
  EXPECT_EQ("old", before.echo("old"));
  EXPECT_EQ("new", server.connect().echo("new"));
  before.close();
  server.stop(SIGTERM, 1);
}

TEST(ShutdownDelay, ThenStopsAsAsked) {
  Server server("shutdown: {delay: 300ms}");
  SocketClient client = server.connect();
  client.echo("hello");
  server.process().signal(SIGTERM);
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
}

}  // namespace
}  // namespace service
