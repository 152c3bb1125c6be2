#include <gtest/gtest.h>

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

// Thousands of clients that act at random. A model gives the expected echo: all bytes after a
// half-close, the beginning of them otherwise.
namespace service {
namespace {

TEST(RandomTraffic, GivesEveryClientWhatTheModelSays) {
  raise_descriptor_limit();
  const std::uint64_t seed = random_seed();
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
    const std::map<std::string, LoggedEnd> logged = logged_ends(server.log().text());
    for (const Stream& stream : streams)
      expect_as_planned(stream, logged.at(stream.name()));
    ASSERT_FALSE(HasFailure()) << "in round " << round;
  }
  EXPECT_TRUE(wait_for_open_descriptors(server.process().pid(), descriptors));
}

}  // namespace
}  // namespace service
