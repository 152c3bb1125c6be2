#include "server/config/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace server {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first.
constexpr std::array<Unit, 4> duration_units = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> size_units = {
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}}};

constexpr double longest_milliseconds = 1e6 * 3'600'000;

std::string in_largest_unit(std::uint64_t amount, const std::array<Unit, 4>& units) {
  const auto* const unit = std::ranges::find_if(
      units, [&](const Unit& candidate) { return amount % candidate.factor == 0; });
  if (amount == 0 || unit == units.end()) return std::to_string(amount);
  return std::to_string(amount / unit->factor).append(unit->name);
}

// Splits "30s" into "30" and the factor of "s"; none if the unit is unknown.
template <std::size_t N>
std::optional<std::uint64_t> take_unit(std::string_view& text, const std::array<Unit, N>& units,
                                       std::uint64_t plain) {
  const std::size_t number_size = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view name = text.substr(number_size);
  text = text.substr(0, number_size);
  if (name.empty()) return plain;
  const auto* const unit = std::ranges::find(units, name, &Unit::name);
  return unit == units.end() ? std::nullopt : std::optional(unit->factor);
}

}  // namespace

std::optional<std::uint64_t> parse_whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc() || stop != end || leading_zero) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto factor = take_unit(text, duration_units, 1'000);
  if (!factor || text.empty() || text.front() == '.' || text.back() == '.') return std::nullopt;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || stop != end) return std::nullopt;
  const double milliseconds = number * static_cast<double>(*factor);
  // A tenth of a second has no exact double; a millionth of a millisecond is nobody's intention.
  if (milliseconds > longest_milliseconds ||
      std::abs(milliseconds - std::round(milliseconds)) > 1e-6)
    return std::nullopt;
  return std::chrono::milliseconds(std::llround(milliseconds));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto factor = take_unit(text, size_units, 1);
  const auto number = parse_whole_number(text);
  if (!factor || !number || *number > std::numeric_limits<std::uint64_t>::max() / *factor)
    return std::nullopt;
  return *number * *factor;
}

std::string duration_text(std::chrono::milliseconds duration) {
  return in_largest_unit(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string size_text(std::uint64_t bytes) {
  return in_largest_unit(bytes, size_units);
}

}  // namespace server
