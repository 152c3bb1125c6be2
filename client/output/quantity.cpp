#include "client/output/quantity.hpp"

#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace client {
namespace {

constexpr double longest_time = 100.0 * 24 * 3600;

template <typename Factor>
struct Unit {
  std::string_view name;
  Factor factor;
};

// A number at the beginning, which is taken away from the text.
template <typename Number>
std::optional<Number> take_number(std::string_view& text) {
  const bool begins =
      !text.empty() && (text.front() == '.' || ('0' <= text.front() && text.front() <= '9'));
  if (!begins) return std::nullopt;  // a sign, or a word that means a number
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

template <typename Number>
std::optional<Number> with_unit(std::string_view text, std::span<const Unit<Number>> units) {
  const auto number = take_number<Number>(text);
  if (!number) return std::nullopt;
  const auto unit_begins = text.find_first_not_of(' ');
  if (unit_begins != std::string_view::npos) text.remove_prefix(unit_begins);
  for (const auto& unit : units) {
    if (!boost::iequals(unit.name, text)) continue;
    if (*number > std::numeric_limits<Number>::max() / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

template <typename Number>
std::optional<Number> without_unit(std::string_view text) {
  const auto number = take_number<Number>(text);
  return text.empty() ? number : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return without_unit<std::uint64_t>(text);
}

std::optional<double> parse_number(std::string_view text) {
  return without_unit<double>(text);
}

std::optional<std::chrono::nanoseconds> parse_time(std::string_view text) {
  static constexpr std::array<Unit<double>, 5> units = {
      {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}}};
  const auto seconds = with_unit<double>(text, units);
  if (!seconds || *seconds > longest_time) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(*seconds * 1e9));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::uint64_t k = 1024;
  static constexpr std::array<Unit<std::uint64_t>, 11> units = {{{"", 1},
                                                                 {"b", 1},
                                                                 {"k", k},
                                                                 {"kb", k},
                                                                 {"kib", k},
                                                                 {"m", k * k},
                                                                 {"mb", k * k},
                                                                 {"mib", k * k},
                                                                 {"g", k * k * k},
                                                                 {"gb", k * k * k},
                                                                 {"gib", k * k * k}}};
  return with_unit<std::uint64_t>(text, units);
}

}  // namespace client
