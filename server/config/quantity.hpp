#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// A plain decimal number without sign, leading zeros or anything around it: 0, 8888.
std::optional<std::uint64_t> parse_whole_number(std::string_view text);

/// 500ms, 30s, 2m, 1h or plain seconds; fractions are allowed down to a millisecond: 1.5s, 0.25.
/// None if the text is anything else or longer than a million hours.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Plain bytes or KiB, MiB, GiB, TiB (powers of 1024): 4096, 64KiB. None if the text is anything
/// else or 2^64 or more.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// What the functions above read back, in the largest unit that needs no fraction: 90s, 2m, 64KiB.
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

}  // namespace server
