#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "program/histogram.hpp"

/// Quantities as people read them, and as programs do.
namespace client {

/// `512 B`, `64.0 KiB`, `1.5 GiB`.
std::string bytes_text(double bytes);
/// `0.214 ms`, `1250 ms`: three significant digits after rounding, never fewer than microseconds.
std::string time_text(std::chrono::nanoseconds time);
/// Just the number, for tables: `0.214`.
std::string milliseconds_text(std::chrono::nanoseconds time);

/// `min/avg/max = 0.101/0.214/0.330 ms`, of times that are not empty.
std::string range_text(const program::Histogram& times);

/// Two lines, or nothing when nothing was measured:
///
///     round trip min/avg/max/mdev = 0.101/0.214/0.330/0.052 ms
///     round trip p50/p95/p99 = 0.210/0.301/0.330 ms
std::string round_trip_text(const program::Histogram& times);

/// The same and more as an object of milliseconds: min, mean, max, mdev and percentiles up to
/// p99.99; null when nothing was measured.
nlohmann::ordered_json times_json(const program::Histogram& times);

double seconds(std::chrono::nanoseconds time);
double milliseconds(std::chrono::nanoseconds time);

/// The value in one line, without a line end. Bytes that are no UTF-8, such as those of a file's
/// name, are replaced by U+FFFD: it is always JSON.
std::string json_text(const nlohmann::ordered_json& value);

}  // namespace client
