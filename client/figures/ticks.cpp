#include "client/figures/ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <span>

namespace client {
namespace {

// Of a quotient: 0.3 / 0.1 is a little less than 3.
constexpr double tolerance = 1e-9;

// The smallest of 1, 2, 5 or 10 times a power of ten that is not below the value.
double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - tolerance)) return factor * power;
  return 10 * power;
}

Ticks multiples(double step, double first, double last) {
  Ticks ticks;
  const auto count = static_cast<std::size_t>(std::max(last - first + 1, 0.0));
  for (std::size_t i = 0; i < count; ++i)
    ticks.push_back((first + static_cast<double>(i)) * step);
  return ticks;
}

Ticks decade_ticks(double from, double to, std::initializer_list<double> factors, int each) {
  Ticks ticks;
  const auto first = static_cast<int>(std::floor(std::log10(from)));
  for (int power = first; std::pow(10, power) <= to; ++power) {
    if (power % each != 0) continue;
    for (const double factor : factors) {
      const double tick = factor * std::pow(10, power);
      if (tick >= from && tick <= to) ticks.push_back(tick);
    }
  }
  return ticks;
}

struct Prefix {
  double factor;
  const char* name;
};

// The prefixes begin with the largest. A number that is nearly 1 of one is meant to be 1 of it.
std::string with_prefix(double number, std::span<const Prefix> prefixes) {
  const auto prefix = std::ranges::find_if(prefixes, [&](const Prefix& candidate) {
    return number >= candidate.factor * (1 - tolerance);
  });
  const auto& chosen = prefix == prefixes.end() ? prefixes.back() : *prefix;
  return fmt::format("{:.9g}{}", number / chosen.factor, chosen.name);
}

}  // namespace

Ticks round_ticks(double from, double to, std::size_t most) {
  if (to <= from) return {from};
  const double step = round_step((to - from) / static_cast<double>(most - 1));
  return multiples(step, std::ceil(from / step - tolerance), std::floor(to / step + tolerance));
}

Ticks ticks_from_zero(double top, std::size_t most, double least) {
  if (top <= 0) return {0, std::max(least, 1.0)};
  const double step = std::max(round_step(top / static_cast<double>(most)), least);
  return multiples(step, 0, std::ceil(top / step - tolerance));
}

Ticks logarithmic_ticks(double from, double to, std::size_t most) {
  constexpr std::size_t few = 3;
  auto ticks = decade_ticks(from, to, {1, 2, 5}, 1);
  if (ticks.size() < few) return round_ticks(from, to, most);
  for (int each = 1; ticks.size() > most; ++each)
    ticks = decade_ticks(from, to, {1}, each);
  return ticks;
}

std::string time_label(double nanoseconds) {
  constexpr std::array<Prefix, 4> units = {{{1e9, " s"}, {1e6, " ms"}, {1e3, " µs"}, {1, " ns"}}};
  return with_prefix(nanoseconds, units);
}

std::string count_label(double count) {
  constexpr std::array<Prefix, 6> units = {
      {{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}};
  return with_prefix(count, units);
}

}  // namespace client
