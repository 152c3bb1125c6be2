#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Quantities as people write them: decimal, without a sign, with nothing before or after them. All
/// functions return nothing for any other text and for values out of range.
namespace program {

/// How strictly a quantity is read.
enum class Spelling {
  exact,  ///< for a file: a number begins with no zero, 010, and a unit is written as shown here
  free    ///< for a command line: also zeros before the number, a space and capitals in the unit
};

/// 0, 8888.
std::optional<std::uint64_t> parse_whole_number(std::string_view text,
                                                Spelling spelling = Spelling::exact);

/// 1000, 0.5, 1e6: finite.
std::optional<double> parse_number(std::string_view text);

/// 500ms, 30s, 2m, 1h or plain seconds, and fractions: 1.5s, 0.25; in the free spelling also 500us.
/// At most a million hours.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text,
                                                       Spelling spelling = Spelling::exact);

/// Plain bytes or KiB, MiB, GiB, TiB (powers of 1024): 4096, 64KiB. In the free spelling 64b, 64k
/// and 64kb are binary, too. Less than 2^64.
std::optional<std::uint64_t> parse_size(std::string_view text, Spelling spelling = Spelling::exact);

/// The text that the functions above read back, in the largest unit that needs no fraction: 90s,
/// 2m, 64KiB.
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

}  // namespace program
