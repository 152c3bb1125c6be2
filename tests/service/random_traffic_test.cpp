#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/process_status.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"
#include "tests/service/stream.hpp"

// Thousands of clients that act at random. A model gives the expected echo: all bytes after a
// half-close, the beginning of them otherwise.
namespace service {
namespace {

// COROECHO_SEED repeats a run.
std::uint64_t seed() {
  const char* const given = std::getenv("COROECHO_SEED");
  return given != nullptr ? std::stoull(given) : std::random_device()();
}

Stream::Plan random_plan(std::mt19937_64& random) {
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  Stream::Plan plan;
  plan.seed = random() % 1'000'000;
  // Sizes of every magnitude, from nothing to a megabyte.
  plan.size = random() % (std::size_t{1} << (random() % 21));
  plan.piece = 1 + random() % (std::size_t{1} << (random() % 17));
  // Not too many pieces, since each has a pause.
  plan.piece = std::max(plan.piece, plan.size / 20 + 1);
  if (chance(20)) plan.pause = std::chrono::milliseconds(random() % 10);
  if (chance(25)) plan.end = Stream::End::reset;
  if (plan.end == Stream::End::reset) plan.reads = chance(50);
  return plan;
}

struct Logged {
  std::string reason;
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
};

// How each client ended, by its address.
std::map<std::string, Logged> endings(const std::string& log) {
  static const std::regex form(
      R"re("event":"disconnect",.*"peer":"(.*)","reason":"(.*)","bytes_in":(\d+),"bytes_out":(\d+))re");
  std::map<std::string, Logged> endings;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, form)) continue;
    endings[match[1]] = {match[2], std::stoul(match[3]), std::stoul(match[4])};
  }
  return endings;
}

void expect_as_planned(const Stream& stream, const Logged& logged) {
  EXPECT_TRUE(stream.same());
  EXPECT_LE(logged.bytes_in, stream.sent());
  EXPECT_LE(logged.bytes_out, logged.bytes_in);
  EXPECT_LE(stream.received(), logged.bytes_out);
  if (stream.plan().end == Stream::End::reset) {
    EXPECT_EQ("reset by client", logged.reason);
    return;
  }
  EXPECT_TRUE(stream.got_fin());
  EXPECT_EQ("closed by client", logged.reason);
  EXPECT_EQ(stream.plan().size, stream.received());
  EXPECT_EQ(stream.received(), logged.bytes_out);
  EXPECT_EQ(logged.bytes_in, logged.bytes_out);
}

TEST(RandomTraffic, GivesEveryClientWhatTheModelSays) {
  raise_descriptor_limit();
  const std::uint64_t seed = service::seed();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("COROECHO_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  Server server("log: {format: json, events: [disconnect]}");
  const std::size_t descriptors = open_descriptors(server.process().pid());

  const std::size_t rounds = scaled(30);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<Stream> streams;
    for (int i = 0; i < 100; ++i)
      streams.emplace_back(server.connect(), random_plan(random));
    run(streams);
    server.log().wait_for_line("\"event\":\"disconnect\"", 100 * (round + 1));
    const std::map<std::string, Logged> logged = endings(server.log().text());
    for (const Stream& stream : streams)
      expect_as_planned(stream, logged.at(stream.name()));
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
  EXPECT_TRUE(wait_for_open_descriptors(server.process().pid(), descriptors));
}

}  // namespace
}  // namespace service
