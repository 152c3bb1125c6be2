#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// Quantities as people read them.
namespace client {

/// `512 B`, `64.0 KiB`, `1.5 GiB`.
std::string bytes_text(double bytes);
/// `0.214 ms`, `1250 ms`: three significant digits after rounding, never fewer than microseconds.
std::string time_text(std::chrono::nanoseconds time);
/// Just the number, for tables: `0.214`.
std::string milliseconds_text(std::chrono::nanoseconds time);

}  // namespace client
