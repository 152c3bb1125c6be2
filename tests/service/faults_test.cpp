#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "tests/service/patience.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// Injected faults. Times are lower bounds only, since a busy machine is slower.
namespace service {
namespace {

using std::chrono::milliseconds;

constexpr const char* warning = "warning faults: this server misbehaves on purpose";

TEST(Faults, AreToldAtTheStart) {
  const Server server("faults: {delay: 1ms}");
  server.log().wait_for_line(warning);
}

TEST(Faults, AreOffUnlessToldOtherwise) {
  const Server server;
  server.connect().echo("hello");
  EXPECT_EQ(0U, server.log().count_lines("faults"));
}

TEST(Faults, DelayHoldsBackEachEchoButNobodyElse) {
  const Server server("faults: {delay: 200ms..300ms}");
  SocketClient client = server.connect();
  const Clock::time_point begin = Clock::now();
  EXPECT_EQ("one", client.echo("one"));
  EXPECT_EQ("two", client.echo("two"));
  EXPECT_GE(Clock::now() - begin, milliseconds(400));
}

TEST(Faults, RateSpreadsTheEchoOverTime) {
  const Server server("{faults: {rate: 40KiB}, log: {payload: 0}}");
  const std::string bytes = random_bytes(std::size_t{40} * 1024);
  const Clock::time_point begin = Clock::now();
  expect_same_bytes(bytes, server.connect().exchange(bytes));
  EXPECT_GE(Clock::now() - begin, milliseconds(900));
}

TEST(Faults, CloseAfterBytesClosesRightBehindThem) {
  const Server server("faults: {close_after: 5}");
  SocketClient client = server.connect();
  client.send("hello, world");
  EXPECT_EQ("hello", client.receive_until_end());
  client.close();
  server.log().wait_for_line("client 1 disconnected: fault: close_after (5 bytes in, 5 bytes out");
}

TEST(Faults, CloseAfterATimeClosesIdleAndBusyClients) {
  const Server server("{faults: {close_after: 500ms}, log: {payload: 0}}");
  const Clock::time_point begin = Clock::now();
  SocketClient idle = server.connect();
  std::vector<Stream> busy;
  busy.emplace_back(server.connect(), Stream::Plan());
  run(busy);
  EXPECT_TRUE(busy.front().got_fin());
  EXPECT_TRUE(busy.front().same());
  EXPECT_GT(busy.front().received(), 0U);
  EXPECT_EQ("", idle.receive_until_end());
  EXPECT_GE(Clock::now() - begin, milliseconds(500));
  idle.close();
  server.log().wait_for_line("client 1 disconnected: fault");
  server.log().wait_for_line("client 2 disconnected: fault");
}

TEST(Faults, ResetProbabilityOneResetsEveryConnection) {
  const Server server("faults: {reset_probability: 1}");
  for (int i = 0; i < 5; ++i) {
    SocketClient client = server.connect();
    client.send("hello");
    try {
      client.receive(1);
      ADD_FAILURE() << "was not reset";
    } catch (const std::system_error& error) {
      EXPECT_EQ(ECONNRESET, error.code().value());
    }
  }
  server.log().wait_for_line("client 5 disconnected: fault");
}

}  // namespace
}  // namespace service
