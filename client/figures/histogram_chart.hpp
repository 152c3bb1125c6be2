#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "program/histogram.hpp"

namespace client {

/// A histogram in few rows or bars, whose widths grow with the time.
struct ChartBar {
  std::chrono::nanoseconds from{};  ///< inclusive
  std::chrono::nanoseconds to{};    ///< exclusive
  std::uint64_t count = 0;
};

/// So many bars, from the smallest to the largest time; those between that are empty are there too.
/// None if there are no times.
std::vector<ChartBar> chart_bars(const program::Histogram& times, std::size_t bars);
/// The same over a range that contains all times and begins above 0.
std::vector<ChartBar> chart_bars(const program::Histogram& times, std::size_t bars,
                                 std::chrono::nanoseconds from, std::chrono::nanoseconds to);

/// A line for each bar: from, to, share, and a bar of `#`; no wider than width.
std::string histogram_chart(const program::Histogram& times, std::size_t rows, std::size_t width);

}  // namespace client
