#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

/// Quantities as people write them on a command line. Numbers are decimal, also with zeros before
/// them, and have no sign; nothing stands before or after them. What is anything else, too large or
/// no number at all (`nan`, `inf`, 0x10) is nothing.
namespace client {

/// `1000`
std::optional<std::uint64_t> parse_count(std::string_view text);

/// `1000`, `0.5`, `1e6`: finite.
std::optional<double> parse_number(std::string_view text);

/// `0.25`, `500ms`, `2s`, `5m`, `1h`; seconds without a unit. At most 100 days.
std::optional<std::chrono::nanoseconds> parse_time(std::string_view text);

/// `64`, `64b`, `64k`, `64kb`, `64kib`; so with m and g. All of them are binary.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace client
