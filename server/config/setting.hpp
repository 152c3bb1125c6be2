#pragma once

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
#include "server/config/yaml_reader.hpp"

namespace server {

/// A key of the configuration, bound to the field that holds its value.
struct Setting {
  std::string key;       // with its section: "limits.max_connections"
  std::string expected;  // for errors: "a whole number from 0 to 65535"
  bool is_list = false;  // then a single value stands for a list of one
  /// Sets the field from one value, or any number of values for a list. Returns an empty string, or
  /// what is wrong (then the field is as before).
  std::function<std::string(const std::vector<Value>&)> read;
  /// What read() makes the same value of.
  std::function<std::vector<Value>()> write;
};

/// The complaint about a value that is not what its key expects.
std::string found_instead(const Value& value, const std::string& expected);

/// A setting of one value: `parse` gives none for what is not expected, `format` what parse() reads
/// back.
template <typename Field, typename Parse, typename Format>
Setting single(const std::string& key, const std::string& expected, Field& field, Parse parse,
               Format format) {
  auto read = [&field, expected, parse](const std::vector<Value>& values) {
    const std::optional<Field> parsed = parse(values.front());
    if (!parsed) return found_instead(values.front(), expected);
    field = *parsed;
    return std::string();
  };
  auto write = [&field, format] { return std::vector<Value>{format(field)}; };
  return {.key = key,
          .expected = expected,
          .is_list = false,
          .read = std::move(read),
          .write = std::move(write)};
}

template <typename Number>
Setting whole_number(const std::string& key, Number& field, std::uint64_t least,
                     std::uint64_t most) {
  auto parse = [least, most](const Value& value) -> std::optional<Number> {
    const auto number = program::parse_whole_number(value.text);
    if (value.quoted || !number || *number < least || *number > most) return std::nullopt;
    return static_cast<Number>(*number);
  };
  auto format = [](Number number) {
    return Value{.text = std::to_string(number), .quoted = false};
  };
  const auto expected =
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  return single(key, expected, field, parse, format);
}

/// Bytes, with or without a unit.
template <typename Number>
Setting size(const std::string& key, Number& field, std::uint64_t most) {
  auto parse = [most](const Value& value) -> std::optional<Number> {
    const auto bytes = program::parse_size(value.text);
    return bytes && *bytes <= most ? std::optional(static_cast<Number>(*bytes)) : std::nullopt;
  };
  auto format = [](Number bytes) {
    return Value{.text = program::size_text(bytes), .quoted = false};
  };
  return single(key, "a size such as 512 or 64KiB, at most " + program::size_text(most), field,
                parse, format);
}

/// One word of several, in capitals or not. Of two words that mean the same the first is written.
template <typename Choice>
using Words = std::vector<std::pair<std::string_view, Choice>>;

std::string one_of(const std::vector<std::string_view>& words);

template <typename Choice>
Setting choice(const std::string& key, Choice& field, Words<Choice> words) {
  auto parse = [words](const Value& value) -> std::optional<Choice> {
    for (const auto& [word, choice] : words)
      if (boost::algorithm::iequals(word, value.text)) return choice;
    return std::nullopt;
  };
  auto format = [words](Choice chosen) {
    const auto entry =
        std::ranges::find(words, chosen, &std::pair<std::string_view, Choice>::second);
    return Value{.text = std::string(entry->first), .quoted = false};
  };
  std::vector<std::string_view> names;
  for (const auto& [word, choice] : words)
    if (format(choice).text == word) names.push_back(word);
  return single(key, one_of(names), field, parse, format);
}

Setting yes_or_no(const std::string& key, bool& field);

/// Text without control characters, at most `longest` bytes.
Setting text(const std::string& key, std::string& field, std::size_t longest);

/// A duration in whole units of the field's type.
template <typename Duration>
Setting duration(const std::string& key, Duration& field, std::chrono::milliseconds most) {
  auto parse = [most](const Value& value) -> std::optional<Duration> {
    const auto parsed = program::parse_duration(value.text);
    if (!parsed || *parsed > most || (*parsed % Duration(1)).count() != 0) return std::nullopt;
    return std::chrono::duration_cast<Duration>(*parsed);
  };
  auto format = [](Duration chosen) {
    return Value{.text = program::duration_text(chosen), .quoted = false};
  };
  const std::string example =
      Duration(1) < std::chrono::seconds(1) ? "500ms, 30s or 2m" : "30s or 2m";
  return single(key, "a duration such as " + example + ", at most " + program::duration_text(most),
                field, parse, format);
}

}  // namespace server
