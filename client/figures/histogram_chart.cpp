#include "client/figures/histogram_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/trim.hpp>
#include <cmath>

#include "client/output/units.hpp"

namespace client {

std::vector<ChartBar> chart_bars(const program::Histogram& times, std::size_t bars) {
  if (times.empty()) return {};
  constexpr std::chrono::nanoseconds least(1);
  return chart_bars(times, bars, std::max(times.min(), least), times.max() + least);
}

std::vector<ChartBar> chart_bars(const program::Histogram& times, std::size_t bars,
                                 std::chrono::nanoseconds from, std::chrono::nanoseconds to) {
  const auto first = static_cast<double>(from.count());
  const double ratio =
      std::pow(static_cast<double>(to.count()) / first, 1.0 / static_cast<double>(bars));
  std::vector<ChartBar> chart(bars);
  for (std::size_t i = 0; i < bars; ++i) {
    const auto edge = [&](std::size_t n) {
      return std::chrono::nanoseconds(
          std::llround(first * std::pow(ratio, static_cast<double>(n))));
    };
    chart[i] = {edge(i), edge(i + 1), 0};
  }
  for (const auto& bucket : times.buckets()) {
    const double middle = static_cast<double>((bucket.from + bucket.to).count()) / 2;
    const double place = std::log(std::max(middle, first) / first) / std::log(ratio);
    const auto index = ratio > 1 ? static_cast<std::size_t>(place) : 0;
    chart[std::min(index, bars - 1)].count += bucket.count;
  }
  return chart;
}

std::string histogram_chart(const program::Histogram& times, std::size_t rows, std::size_t width) {
  const auto chart = chart_bars(times, rows);
  if (chart.empty()) return {};
  const auto most = std::ranges::max(chart, {}, &ChartBar::count).count;
  const std::size_t labels = fmt::formatted_size("{:>7} - {:>7} ms {:6.2f}% ", "", "", 0.0);
  const auto room = width > labels ? width - labels : 1;
  std::string text;
  for (const auto& bar : chart) {
    const double share = static_cast<double>(bar.count) / static_cast<double>(times.count());
    // Every bar that is not empty is seen.
    const auto length = (bar.count * room + most - 1) / most;
    const auto row = fmt::format("{:>7} - {:>7} ms {:6.2f}% {}", milliseconds_text(bar.from),
                                 milliseconds_text(bar.to), share * 100, std::string(length, '#'));
    text += boost::algorithm::trim_right_copy(row) + '\n';
  }
  return text;
}

}  // namespace client
