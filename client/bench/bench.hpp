#pragma once

#include "client/cli/options.hpp"

namespace client {

/// Measures an echo service: throughput, latency to the 99.99th percentile, connections. Shows the
/// progress on standard error and the results on standard output.
///
/// Returns the exit status: 0 only if every byte of every connection came back the same.
int run_bench(const Options& options);

}  // namespace client
