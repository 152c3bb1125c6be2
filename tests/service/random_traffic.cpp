#include "tests/service/random_traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <regex>
#include <sstream>

namespace service {

std::uint64_t random_seed() {
  const char* const given = std::getenv("COROECHO_SEED");
  return given != nullptr ? std::stoull(given) : std::random_device()();
}

Stream::Plan random_plan(std::mt19937_64& random, unsigned magnitudes) {
  const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  Stream::Plan plan;
  plan.seed = random() % 1'000'000;
  plan.size = random() % (std::size_t{1} << (random() % magnitudes));
  plan.piece = 1 + random() % (std::size_t{1} << (random() % 17));
  // Not too many pieces, since each has a pause.
  plan.piece = std::max(plan.piece, plan.size / 20 + 1);
  if (chance(20)) plan.pause = std::chrono::milliseconds(random() % 10);
  if (chance(25)) plan.end = Stream::End::reset;
  if (plan.end == Stream::End::reset) plan.reads = chance(50);
  return plan;
}

std::map<std::string, LoggedEnd> logged_ends(const std::string& log) {
  static const std::regex form(
      R"re("event":"disconnect",.*"peer":"(.*)","reason":"(.*)","bytes_in":(\d+),"bytes_out":(\d+))re");
  std::map<std::string, LoggedEnd> ends;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, form)) continue;
    ends[match[1]] = {match[2], std::stoul(match[3]), std::stoul(match[4])};
  }
  return ends;
}

void expect_as_planned(const Stream& stream, const LoggedEnd& logged) {
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

}  // namespace service
