#pragma once

#include <string>

#include "client/cli/options.hpp"
#include "client/figures/bench_results.hpp"

namespace client {

/// A benchmark as a picture (SVG 1.1): the latency histogram with its percentiles, and the rate
/// over time. It needs no other file, and shows in light and dark surroundings.
std::string bench_svg(const Options& options, const BenchOutcome& outcome);

}  // namespace client
