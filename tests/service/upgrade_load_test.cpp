#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_bytes.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"
#include "tests/service/upgrade.hpp"

// Upgrades under load. How long an echo waits for one is measured by tests/bench/upgrade.
namespace service {
namespace {

using std::chrono::milliseconds;

// Asks for upgrades while streams run, each some time after the one before has ended.
class Upgrades {
 public:
  Upgrades(Server& server, std::size_t count) : server_(server), left_(count) {}

  // Whether all are done. To be called again and again.
  bool done() {
    if (Clock::now() < next_look_) return false;
    next_look_ = Clock::now() + milliseconds(5);
    if (server_.log().count_lines(" upgraded to coroecho ") < asked_) return false;
    if (left_ == 0) return true;
    --left_;
    ++asked_;
    server_.process().signal(SIGRTMIN);
    return false;
  }

 private:
  Server& server_;
  std::size_t left_;
  std::size_t asked_ = 0;
  Clock::time_point next_look_;
};

// The line of the log that ends a client has these counts.
void expect_counted(const Server& server, const Stream& stream, std::size_t number) {
  const std::string line =
      server.log().wait_for_line("client " + std::to_string(number) + " disconnected: ");
  const std::string bytes = std::to_string(stream.sent()) + " bytes ";
  EXPECT_NE(std::string::npos, line.find("closed by client (" + bytes + "in, " + bytes + "out"))
      << line;
}

TEST(UpgradeUnderLoad, TwentyInARowLoseNoByteAndNoConnectionOfTwoThousand) {
  raise_descriptor_limit();
  Server server("log: {events: [disconnect]}");
  const std::size_t count = scaled(2000);
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < count; ++i) {
    const bool at_full_rate = i % 10 == 0;
    Stream::Plan plan{.seed = i};
    if (!at_full_rate) plan.piece = 64, plan.pause = milliseconds(20);
    streams.emplace_back(server.connect(), plan);
  }
  // One that is not accepted yet is not kept either.
  run(streams, [&] {
    return std::ranges::all_of(streams, [](const Stream& stream) { return stream.received() > 0; });
  });
  Upgrades upgrades(server, scaled(20));
  run(streams, [&] { return upgrades.done(); });
  for (Stream& stream : streams)
    stream.finish();
  run(streams);

  EXPECT_EQ(scaled(20), server.log().count_lines(" upgraded to coroecho "));
  EXPECT_EQ(scaled(20),
            server.log().count_lines(", " + std::to_string(count) + " connections kept"));
  server.log().wait_for_line(" disconnected: ", count);
  for (std::size_t i = 0; i < count; ++i) {
    const Stream& stream = streams[i];
    ASSERT_TRUE(stream.same()) << i;
    ASSERT_TRUE(stream.got_fin()) << i;
    ASSERT_EQ(stream.sent(), stream.received()) << i;
    if (i % 50 == 0) expect_counted(server, stream, i + 1);
  }
  server.connect().exchange("next");
  server.log().wait_for_line("client " + std::to_string(count + 1) + " disconnected: closed by ");
}

TEST(UpgradeUnderLoad, TwentyCostNoDescriptorAndNoMemory) {
  raise_descriptor_limit();
  Server server("{log: {events: []}, limits: {max_connections: 0}}");
  const pid_t pid = server.process().pid();
  std::vector<SocketClient> clients;
  for (std::size_t i = 0; i < scaled(1000); ++i) {
    clients.push_back(server.connect());
    EXPECT_EQ("before", clients.back().echo("before"));
  }
  const std::size_t descriptors = open_descriptors(pid);
  upgrade(server);
  EXPECT_EQ("first", clients.front().echo("first"));
  EXPECT_TRUE(wait_for_open_descriptors(pid, descriptors));
  const std::size_t memory = resident_bytes(pid);
  for (int i = 1; i < 20; ++i)
    upgrade(server);
  for (SocketClient& client : clients)
    EXPECT_EQ("after", client.echo("after"));
  EXPECT_TRUE(wait_for_open_descriptors(pid, descriptors));
  EXPECT_EQ(descriptors, open_descriptors(pid));
  if (!sanitized) {
    // An echo touches what the scheduler has not needed at the first look.
    EXPECT_LT(resident_bytes(pid), memory + 2 * mebibyte);
  }
  EXPECT_LT(processor_share(pid), idle_share);
}

// Clients that come while the service upgrades wait in the backlog, as they do at any other time.
TEST(UpgradeUnderLoad, RefusesNobodyWhoConnectsMeanwhile) {
  Server server("log: {events: []}");
  Upgrades upgrades(server, scaled(20));
  std::size_t served = 0;
  while (!upgrades.done() || served < 100) {
    EXPECT_EQ("hello", server.connect().exchange("hello"));
    ++served;
  }
  server.process().signal(SIGUSR1);
  const std::string line = server.log().wait_for_line("statistics: ");
  EXPECT_NE(std::string::npos, line.find(std::to_string(served) + " accepted")) << line;
}

}  // namespace
}  // namespace service
