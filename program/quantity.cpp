#include "program/quantity.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace program {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

using Units = std::span<const Unit>;

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t k = 1024;

// Largest first.
constexpr std::array<Unit, 4> duration_units = {
    {{"h", 3600 * second}, {"m", 60 * second}, {"s", second}, {"ms", second / 1000}}};
constexpr std::array<Unit, 5> free_duration_units = {{{"h", 3600 * second},
                                                      {"m", 60 * second},
                                                      {"s", second},
                                                      {"ms", second / 1000},
                                                      {"us", second / 1'000'000}}};
constexpr std::array<Unit, 4> size_units = {
    {{"TiB", k* k* k* k}, {"GiB", k* k* k}, {"MiB", k* k}, {"KiB", k}}};
constexpr std::array<Unit, 13> free_size_units = {{{"b", 1},
                                                   {"k", k},
                                                   {"kb", k},
                                                   {"kib", k},
                                                   {"m", k* k},
                                                   {"mb", k* k},
                                                   {"mib", k* k},
                                                   {"g", k* k* k},
                                                   {"gb", k* k* k},
                                                   {"gib", k* k* k},
                                                   {"t", k* k* k* k},
                                                   {"tb", k* k* k* k},
                                                   {"tib", k* k* k* k}}};

constexpr double longest_duration = 1e6 * 3600 * second;

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  // A sign, or a word that means a number.
  if (text.find_first_of("0123456789.") != 0) return std::nullopt;
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// Takes the unit away from the end of the text. Returns its factor, `plain` without a unit.
std::optional<std::uint64_t> take_unit(std::string_view& text, Units units, std::uint64_t plain,
                                       Spelling spelling) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view name = text.substr(end);
  text = text.substr(0, end);
  if (name.empty()) return plain;
  if (spelling == Spelling::free)
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
  const auto unit = std::ranges::find_if(units, [&](const Unit& candidate) {
    return spelling == Spelling::free ? boost::iequals(candidate.name, name)
                                      : candidate.name == name;
  });
  return unit == units.end() ? std::nullopt : std::optional(unit->factor);
}

std::string in_largest_unit(std::uint64_t amount, Units units) {
  const auto unit = std::ranges::find_if(
      units, [&](const Unit& candidate) { return amount % candidate.factor == 0; });
  if (amount == 0 || unit == units.end()) return std::to_string(amount);
  return std::to_string(amount / unit->factor).append(unit->name);
}

}  // namespace

std::optional<std::uint64_t> parse_whole_number(std::string_view text, Spelling spelling) {
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (leading_zero && spelling == Spelling::exact) return std::nullopt;
  return parse<std::uint64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
  return parse<double>(text);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text, Spelling spelling) {
  const Units units =
      spelling == Spelling::free ? Units(free_duration_units) : Units(duration_units);
  const auto factor = take_unit(text, units, second, spelling);
  const bool ends_in_point = text.starts_with('.') || text.ends_with('.');
  const auto number = parse<double>(text);
  if (!factor || !number || (ends_in_point && spelling == Spelling::exact)) return std::nullopt;
  const double nanoseconds = *number * static_cast<double>(*factor);
  if (nanoseconds > longest_duration) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(nanoseconds));
}

std::optional<std::uint64_t> parse_size(std::string_view text, Spelling spelling) {
  const Units units = spelling == Spelling::free ? Units(free_size_units) : Units(size_units);
  const auto factor = take_unit(text, units, 1, spelling);
  const auto number = parse_whole_number(text, spelling);
  if (!factor || !number || *number > std::numeric_limits<std::uint64_t>::max() / *factor)
    return std::nullopt;
  return *number * *factor;
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::nanoseconds(duration).count());
  return in_largest_unit(nanoseconds, duration_units);
}

std::string size_text(std::uint64_t bytes) {
  return in_largest_unit(bytes, size_units);
}

}  // namespace program
