#include "client/figures/histogram_chart.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <string>

namespace client {
namespace {

using namespace std::chrono_literals;

TEST(HistogramChart, IsNothingForNothing) {
  EXPECT_TRUE(chart_bars(program::Histogram(), 10).empty());
  EXPECT_EQ(histogram_chart(program::Histogram(), 10, 80), "");
}

TEST(HistogramChart, CountsEveryTimeInOneBar) {
  program::Histogram times;
  for (int i = 1; i <= 5000; ++i)
    times.record(i * 1us);
  const auto bars = chart_bars(times, 12);
  ASSERT_EQ(bars.size(), 12U);
  EXPECT_EQ(std::accumulate(bars.begin(), bars.end(), std::uint64_t{0},
                            [](auto sum, const auto& bar) { return sum + bar.count; }),
            5000U);
  EXPECT_EQ(bars.front().from, 1us);
  EXPECT_GE(bars.back().to, 5ms);
}

TEST(HistogramChart, HasBarsThatMeet) {
  program::Histogram times;
  times.record(10us);
  times.record(10s);
  const auto bars = chart_bars(times, 8);
  for (std::size_t i = 1; i < bars.size(); ++i)
    EXPECT_EQ(bars[i - 1].to, bars[i].from);
}

TEST(HistogramChart, IsNoWiderThanAskedForAndShowsEvenOneOfAMillion) {
  program::Histogram times;
  for (int i = 0; i < 100000; ++i)
    times.record(1ms);
  times.record(1s);
  std::istringstream lines(histogram_chart(times, 5, 60));
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    EXPECT_LE(line.size(), 60U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
    last = line;
  }
  EXPECT_TRUE(last.ends_with(" #")) << last;
}

TEST(HistogramChart, ShowsTheSameTimeOverAndOverInOneBar) {
  program::Histogram times;
  times.record(1ms);
  times.record(1ms);
  const auto bars = chart_bars(times, 4);
  EXPECT_EQ(std::ranges::count_if(bars, [](const auto& bar) { return bar.count == 2; }), 1);
}

}  // namespace
}  // namespace client
