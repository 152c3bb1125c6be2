#pragma once

#include <string>

#include "client/bench/bench_results.hpp"
#include "client/cli/options.hpp"

namespace client {

/// A benchmark as a picture (SVG 1.1): the latency histogram with its percentiles, and the rate
/// over time. It needs no other file, and shows in light and dark surroundings.
std::string bench_svg(const Options& options, const BenchOutcome& outcome);

}  // namespace client
