#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "program/histogram.hpp"

namespace client {

/// Two lines, or nothing when nothing was measured:
///
///     round trip min/avg/max/mdev = 0.101/0.214/0.330/0.052 ms
///     round trip p50/p95/p99 = 0.210/0.301/0.330 ms
std::string round_trip_text(const program::Histogram& times);

/// The same and more as an object of milliseconds: min, mean, max, mdev and percentiles up to
/// p99.99; null when nothing was measured.
nlohmann::ordered_json times_json(const program::Histogram& times);

}  // namespace client
