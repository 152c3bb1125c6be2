#include "client/bench/schedule.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

using namespace std::chrono_literals;

const coro::Clock::time_point start(1h);

TEST(Schedule, HasEvenIntervalsThatDoNotAddUpRounding) {
  const Schedule schedule(start, 3e6, 1);  // 333.3 ns
  EXPECT_EQ(schedule.due(0), start);
  EXPECT_EQ(schedule.due(1), start + 333ns);
  EXPECT_EQ(schedule.due(3'000'000'000), start + 1000s);
}

TEST(Schedule, CountsWhatIsDueBeforeATime) {
  for (const double rate : {0.001, 1.0, 7.0, 1000.0, 3e6, 1e9}) {
    const Schedule schedule(start, rate, 1);
    EXPECT_EQ(schedule.due_before(start - 1s), 0U) << rate;
    EXPECT_EQ(schedule.due_before(start), 0U) << rate;
    for (const std::uint64_t number : {1U, 2U, 3U, 1000U, 999'983U}) {
      EXPECT_EQ(schedule.due_before(schedule.due(number)), number) << rate;
      EXPECT_EQ(schedule.due_before(schedule.due(number) + 1ns), number + 1) << rate;
    }
  }
  EXPECT_EQ(Schedule(start, 1000, 1).due_before(start + 1s), 1000U);
}

TEST(Schedule, DividesItselfAmongTheConnectionsWithoutARest) {
  constexpr std::uint64_t connections = 3;
  const Schedule schedule(start, 1000, connections);
  for (const auto from : {start, start + 1ms, start + 2ms, start + 100ms}) {
    std::uint64_t sum = 0;
    for (std::uint64_t each = 0; each < connections; ++each)
      sum += schedule.count(each, from, from + 1s);
    EXPECT_EQ(sum, 1000U);
  }
  EXPECT_EQ(schedule.count(0, start, start + 1s), 334U);
  EXPECT_EQ(schedule.count(1, start, start + 1s), 333U);
  EXPECT_EQ(schedule.count(300, start, start + 1s), 234U);
  EXPECT_EQ(schedule.count(3000, start, start + 1s), 0U);
}

TEST(Schedule, FindsTheFirstMessageOfAConnectionFromATimeOn) {
  const Schedule schedule(start, 1, 4);
  EXPECT_EQ(schedule.from(2, start), 2U);
  EXPECT_EQ(schedule.from(2, start + 2s), 2U);
  EXPECT_EQ(schedule.from(2, start + 3s), 6U);
  EXPECT_EQ(schedule.from(10, start + 3s), 10U);
}

}  // namespace
}  // namespace client
