#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// How connections end, and how the log reports it.
namespace service {
namespace {

// Sizes around the 256 KiB that the service reads at once.
class HalfClose : public testing::TestWithParam<std::size_t> {};

TEST_P(HalfClose, ReturnsEveryByteBeforeTheFin) {
  const Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  const std::string bytes = random_bytes(GetParam());
  expect_same_bytes(bytes, client.exchange(bytes));
  const std::string size = std::to_string(GetParam());
  server.log().wait_for_line("client 1 disconnected: closed by client (" + size + " bytes in, " +
                             size + " bytes out, ");
}

TEST_P(HalfClose, ReturnsEveryByteOverAUnixSocket) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const Server server("{host: [], unix: " + path.string() + ", log: {payload: 0}}", {});
  SocketClient client(path);
  const std::string bytes = random_bytes(GetParam());
  expect_same_bytes(bytes, client.exchange(bytes));
}

INSTANTIATE_TEST_SUITE_P(Sizes, HalfClose,
                         testing::Values(0, 1, 262143, 262144, 262145, 64 * mebibyte),
                         testing::PrintToStringParamName());

void expect_ending(const Server& server, const std::string& reason, const std::string& bytes) {
  const std::regex form(".* client 1 disconnected: " + reason + " \\(" + bytes + " bytes in, " +
                        bytes + " bytes out, [0-9]+\\.[0-9]{3} s\\)");
  EXPECT_TRUE(std::regex_match(ending(server), form)) << ending(server);
}

TEST(Ending, ClosedByClient) {
  const Server server;
  server.connect().echo("hello");
  expect_ending(server, "closed by client", "5");
}

TEST(Ending, ResetByClient) {
  const Server server;
  SocketClient client = server.connect();
  client.echo("hello");
  client.reset();
  expect_ending(server, "reset by client", "5");
}

TEST(Ending, APortProbeIsAnOrdinaryEnding) {
  const Server server;
  server.connect().close();
  expect_ending(server, "closed by client", "0");
  server.connect().reset();
  server.log().wait_for_line("client 2 disconnected: reset by client (0 bytes in");
}

TEST(Ending, ABrokenPipeIsAnOrdinaryEnding) {
  Server server("log: {payload: 0}");
  for (int i = 0; i < 20; ++i) {
    // Bytes are on the way in both directions when the client closes.
    SocketClient client = server.connect();
    client.send(random_bytes(mebibyte));
    client.close();
  }
  for (int i = 1; i <= 20; ++i) {
    const std::string line =
        server.log().wait_for_line("client " + std::to_string(i) + " disconnected: ");
    EXPECT_NE(std::string::npos, line.find("by client")) << line;
  }
  EXPECT_EQ("hello", server.connect().echo("hello"));
}

TEST(Ending, IdleTimeout) {
  const Server server("limits: {idle_timeout: 300ms}");
  SocketClient client = server.connect();
  EXPECT_EQ("hello", client.echo("hello"));
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  expect_ending(server, "idle timeout", "5");
}

TEST(Ending, Shutdown) {
  Server server;
  SocketClient client = server.connect();
  client.echo("hello");
  server.process().signal(SIGTERM);
  EXPECT_EQ("", client.receive_until_end());
  client.close();
  server.expect_exit(0);
  expect_ending(server, "shutdown", "5");
}

TEST(Ending, Limit) {
  const Server server("limits: {max_connections_per_ip: 1}");
  const SocketClient first = server.connect();
  EXPECT_EQ("", server.connect().receive_until_end());
  server.log().wait_for_line("client 2 disconnected: limit (0 bytes in, 0 bytes out, ");
}

// Blocks until the server's FIN or RST has come, without receiving.
void wait_for_end(const SocketClient& client) {
  pollfd ended{.fd = client.descriptor(), .events = POLLRDHUP, .revents = 0};
  ASSERT_EQ(1, poll(&ended, 1, milliseconds_until(Clock::now() + patience)));
}

// A reset would discard bytes that the client has not received yet. On Linux only sending shows it.
TEST(LingeringClose, WhatIsSentAfterTheFinCausesNoReset) {
  const Server server("limits: {idle_timeout: 300ms}");
  SocketClient client = server.connect();
  client.send("hello");
  wait_for_end(client);
  for (int i = 0; i < 5; ++i) {
    client.send("too late");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ("hello", client.receive_until_end());
}

// Lets the clients continue for a while.
void run_for(std::vector<Stream>& streams, std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  run(streams, [end] { return Clock::now() > end; });
}

TEST(LingeringClose, ASlowReaderThatKeepsSendingGetsEverything) {
  constexpr std::size_t size = 3 * mebibyte;
  const Server server("{faults: {close_after: 3MiB}, log: {payload: 0}}");
  std::vector<Stream> streams;
  streams.emplace_back(server.connect(), Stream::Plan{.reads = false});
  Stream& slow = streams.front();
  run_for(streams, std::chrono::milliseconds(300));
  // Longer than the service lingers for a client that receives nothing.
  for (int i = 0; i < 25; ++i) {
    slow.read(true);
    run(streams, [&, before = slow.received()] { return slow.received() > before; });
    slow.read(false);
    run_for(streams, std::chrono::milliseconds(200));
  }
  EXPECT_LT(slow.received(), size) << "it was not slow";
  slow.read(true);
  run(streams);
  EXPECT_TRUE(slow.got_fin());
  EXPECT_TRUE(slow.same());
  EXPECT_EQ(size, slow.received());
}

// Each byte is a message of its own; each one that the client receives is progress.
TEST(LingeringClose, ASlowReaderThatIsOwedLittleIsNotWaitedForForEver) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory / "echo.sock";
  const Server server("{host: [], unix: " + path.string() + ", limits: {idle_timeout: 500ms}}", {});
  SocketClient client(path);
  for (std::size_t i = 1; i <= 100; ++i) {
    client.send("x");
    server.log().wait_for_line("client 1 received", i);
  }
  const Clock::time_point end = Clock::now() + patience;
  while (server.log().count_lines("client 1 disconnected: idle timeout") == 0) {
    ASSERT_LT(Clock::now(), end);
    client.receive(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

TEST(LingeringClose, TakesNoProcessorTime) {
  Server server("limits: {idle_timeout: 100ms}");
  SocketClient client = server.connect();
  client.send("hello");
  wait_for_end(client);  // and stays: the service lingers
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
}

TEST(HalfClosed, TakesNoProcessorTime) {
  Server server("log: {payload: 0}");
  SocketClient client = server.connect();
  client.send_until_blocked(random_bytes(64 * mebibyte));
  client.half_close();  // the service still owes the echo
  EXPECT_LT(processor_share(server.process().pid()), idle_share);
}

}  // namespace
}  // namespace service
