#pragma once

#include <string>

#include "client/histogram.hpp"

namespace client {

/// Two lines, or nothing when nothing was measured:
///
///     round trip min/avg/max/mdev = 0.101/0.214/0.330/0.052 ms
///     round trip p50/p95/p99 = 0.210/0.301/0.330 ms
std::string round_trip_text(const Histogram& times);

}  // namespace client
