#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "client/cli/options.hpp"
#include "client/figures/bench_results.hpp"

namespace client {

/// The results of a benchmark, in the format of the options: text with a histogram, one JSON
/// object, or a CSV header and row. Ends with a line end.
std::string bench_report(const Options& options, const BenchOutcome& outcome);

std::string bench_text(const Options& options, const BenchOutcome& outcome);
std::string bench_json(const Options& options, const BenchOutcome& outcome);
std::string bench_csv(const Options& options, const BenchOutcome& outcome);

/// `pingpong`
const char* name_of(BenchMode mode);

/// The same, but `udp` by UDP, which has one mode.
std::string title_of(const Options& options);

/// `50 connections, 64 B each message, 1 under way, 1 thread, 10 s`
std::string settings_text(const Options& options);
/// `none`, or `3 reset, 12 echoes lost`.
std::string failures_text(const BenchResults& results);

/// `101234 echoes/s  6.2 MiB/s`
std::string rate_text(const RateSample& sample);
/// `[####      ] 4.2 of 11.0 s  ...`, no longer than `width` columns.
std::string bench_progress_line(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds whole,
                                std::string_view text, std::size_t width);

}  // namespace client
