#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "client/cli/options.hpp"
#include "program/quantity.hpp"

/// Options with a value that is checked: one that is refused is one line, with what was expected.
namespace client {

constexpr Duration shortest_time = std::chrono::milliseconds(1);
constexpr Duration longest_time = std::chrono::hours(100 * 24);

template <typename Number>
std::optional<Number> within(std::optional<Number> number, Number least, Number most) {
  return number && least <= *number && *number <= most ? number : std::nullopt;
}

/// An option whose value `parse` returns; if it returns nothing, the value is refused.
template <typename Target, typename Parse>
void add(CLI::App& app, const std::string& name, const char* kind, Target& target,
         const std::string& text, const std::string& expected, Parse parse) {
  const auto keep = [=, &target](const std::string& value) {
    const auto parsed = parse(value);
    if (!parsed)
      throw CLI::ValidationError(name, fmt::format("found \"{}\", expected {}", value, expected));
    target = *parsed;
  };
  app.add_option_function<std::string>(name, keep, text)->option_text(kind);
}

/// An option for a name, such as that of a file. An empty one is mostly a variable of a script that
/// has no value.
template <typename Target>
void add_name(CLI::App& app, const std::string& name, const char* kind, Target& target,
              const std::string& text, const std::string& expected) {
  add(app, name, kind, target, text, expected,
      [](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); });
}

/// least: how the shortest time is shown.
template <typename Target>
void add_time(CLI::App& app, const std::string& name, Target& target, const std::string& text,
              Duration shortest = shortest_time, const char* least = "1ms") {
  const auto expected = fmt::format("a time from {} to 100 days: 0.5, 500ms, 2s, 5m, 1h", least);
  add(app, name, "TIME", target, text, expected, [shortest](const std::string& value) {
    return within(program::parse_duration(value, program::Spelling::free), shortest, longest_time);
  });
}

template <typename Target>
void add_number(CLI::App& app, const std::string& name, Target& target, const std::string& text,
                std::size_t most) {
  add(app, name, "N", target, text, fmt::format("a number from 1 to {}", most),
      [most](const std::string& value) {
        return within(program::parse_whole_number(value, program::Spelling::free), 1UL, most);
      });
}

}  // namespace client
