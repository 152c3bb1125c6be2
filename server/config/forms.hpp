#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "program/quantity.hpp"
#include "server/config/config_error.hpp"
#include "server/config/settings.hpp"

/// The forms in which values of a configuration are written, one for each kind of field. Only the
/// table in server/config/settings.cpp needs them.
namespace server {

template <typename Field>
struct Form {
  std::string expected;                                        // for errors
  std::function<std::optional<Field>(const Value&)> parse;     // none: another form
  std::function<Value(const Field&)> format;                   // read back by parse()
  std::function<std::string(const Value&)> explain = nullptr;  // a better error than the usual one
};

/// The usual error about a value.
std::string found_instead(const Value& value, const std::string& expected);

/// Throws ConfigError if the value does not have the form.
template <typename Field>
Field parsed(const Value& value, const Form<Field>& form, const std::string& origin) {
  if (std::optional<Field> field = form.parse(value)) return *std::move(field);
  throw ConfigError(origin + ": " +
                    (form.explain ? form.explain(value) : found_instead(value, form.expected)));
}

template <typename Field>
Setting single(const std::string& key, Field& field, const Form<Field>& form) {
  auto read = [&field, form](const std::vector<Value>& values, const std::string& origin) {
    field = parsed(values.front(), form, origin);
  };
  auto write = [&field, form] { return std::vector<Value>{form.format(field)}; };
  return {.key = key, .expected = form.expected, .is_list = false, .read = read, .write = write};
}

/// The list is a std::vector of the elements, or is made of one.
template <typename List, typename Element>
Setting list(const std::string& key, List& field, const Form<Element>& form,
             const std::string& expected) {
  auto read = [&field, form](const std::vector<Value>& values, const std::string& origin) {
    std::vector<Element> chosen;
    chosen.reserve(values.size());
    for (const Value& value : values)
      chosen.push_back(parsed(value, form, origin));
    field = List(std::move(chosen));
  };
  auto write = [&field, form] {
    std::vector<Value> values;
    values.reserve(field.size());
    for (const Element& element : field)
      values.push_back(form.format(element));
    return values;
  };
  return {.key = key, .expected = expected, .is_list = true, .read = read, .write = write};
}

inline Value plain(std::string text) {
  return {.text = std::move(text), .quoted = false};
}

template <typename Number>
Form<Number> whole_number(std::uint64_t least, std::uint64_t most) {
  return {.expected = fmt::format("a whole number from {} to {}", least, most),
          .parse = [=](const Value& value) -> std::optional<Number> {
            const auto number = program::parse_whole_number(value.text);
            if (value.quoted || !number || *number < least || *number > most) return std::nullopt;
            return static_cast<Number>(*number);
          },
          .format = [](Number number) { return plain(std::to_string(number)); }};
}

/// Bytes, with or without a unit.
template <typename Number>
Form<Number> size(std::uint64_t most) {
  return {.expected = "a size such as 512 or 64KiB, at most " + program::size_text(most),
          .parse = [=](const Value& value) -> std::optional<Number> {
            const auto bytes = program::parse_size(value.text);
            if (!bytes || *bytes > most) return std::nullopt;
            return static_cast<Number>(*bytes);
          },
          .format = [](Number bytes) { return plain(program::size_text(bytes)); }};
}

/// A duration in whole units of the field's type.
template <typename Duration>
std::optional<Duration> parse_duration(std::string_view text, Duration most) {
  const auto parsed = program::parse_duration(text);
  if (!parsed || *parsed > most || *parsed % Duration(1) != Duration(0)) return std::nullopt;
  return std::chrono::duration_cast<Duration>(*parsed);
}

template <typename Duration>
Form<Duration> duration(Duration most) {
  const char* const example =
      Duration(1) < std::chrono::seconds(1) ? "500ms, 30s or 2m" : "30s or 2m";
  return {.expected = fmt::format("a duration such as {}, at most {}", example,
                                  program::duration_text(most)),
          .parse = [=](const Value& value) { return parse_duration(value.text, most); },
          .format = [](Duration chosen) { return plain(program::duration_text(chosen)); }};
}

/// One word of several, in capitals or not. Of two words with the same meaning the first is
/// written.
template <typename Choice>
using Words = std::vector<std::pair<std::string_view, Choice>>;

template <typename Choice>
Form<Choice> one_of(const Words<Choice>& words) {
  const auto word_for = [words](Choice choice) {
    return std::string(std::ranges::find(words, choice, &Words<Choice>::value_type::second)->first);
  };
  std::string names;
  for (const auto& [word, choice] : words)
    if (word_for(choice) == word) names.append(names.empty() ? "" : ", ").append(word);
  return {.expected = "one of " + names,
          .parse = [words](const Value& value) -> std::optional<Choice> {
            for (const auto& [word, choice] : words)
              if (boost::iequals(word, value.text)) return choice;
            return std::nullopt;
          },
          .format = [=](Choice choice) { return plain(word_for(choice)); }};
}

Form<bool> yes_or_no();

/// Text without control characters, at most `longest` bytes.
Form<std::string> text(std::size_t longest);

/// A name or an address that can be listened on.
Form<std::string> host();

/// A network in CIDR notation.
Form<Network> network();

/// Octal, quoted or not: "0660".
Form<unsigned> permissions();

Form<std::optional<std::uint16_t>> port_or_off();

/// 20ms, or 10ms..50ms.
Form<DurationRange> duration_range(std::chrono::milliseconds most);

/// A plain number is bytes here, not seconds.
Form<CloseAfter> close_after(std::uint64_t most_bytes, std::chrono::milliseconds most_time);

/// A number from 0 to 1.
Form<double> probability();

/// The events that are logged, as a list of their names.
Setting events(const std::string& key, LogEvents& field);

}  // namespace server
