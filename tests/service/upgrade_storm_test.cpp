#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/random_traffic.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// Upgrades at random moments beside clients that act at random.
namespace service {
namespace {

// Most last for several upgrades.
Stream::Plan long_plan(std::mt19937_64& random) {
  Stream::Plan plan = random_plan(random, 23);
  if (random() % 2 == 0) plan.pause = std::chrono::milliseconds(random() % 20);
  return plan;
}

TEST(UpgradeStorm, GivesEveryClientWhatTheModelSays) {
  raise_descriptor_limit();
  const std::uint64_t seed = random_seed();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("COROECHO_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  Server server("log: {format: json, events: [disconnect]}");
  const std::size_t descriptors = open_descriptors(server.process().pid());
  std::size_t asked = 0;
  Clock::time_point next = Clock::now();
  const auto upgrade_at_random = [&] {
    if (Clock::now() < next) return false;
    next = Clock::now() + std::chrono::milliseconds(random() % 100);
    server.process().signal(SIGRTMIN);
    ++asked;
    return false;
  };
  const std::size_t rounds = scaled(10);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<Stream> streams;
    for (int i = 0; i < 100; ++i)
      streams.emplace_back(server.connect(), long_plan(random));
    run(streams, upgrade_at_random);
    server.log().wait_for_line("\"event\":\"disconnect\"", 100 * (round + 1));
    const std::map<std::string, LoggedEnd> logged = logged_ends(server.log().text());
    for (const Stream& stream : streams)
      expect_as_planned(stream, logged.at(stream.name()));
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
  EXPECT_GT(asked, 0U);
  server.process().signal(SIGRTMIN);
  server.log().wait_for_line("upgraded to coroecho ");
  EXPECT_EQ(0U, server.log().count_lines("not upgraded"));
  EXPECT_TRUE(wait_for_open_descriptors(server.process().pid(), descriptors));
}

}  // namespace
}  // namespace service
