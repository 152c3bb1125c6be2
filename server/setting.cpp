#include "server/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "server/config_error.hpp"

namespace server {

namespace {

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code == 0x7F;
  });
}

}  // namespace

std::string found_instead(const Value& value, const std::string& expected) {
  const std::string in_quotes = value.quoted ? " in quotes" : "";
  return fmt::format("found \"{}\"{}, expected {}", escaped(value.text), in_quotes, expected);
}

std::string one_of(const std::vector<std::string_view>& words) {
  return fmt::format("one of {}", fmt::join(words, ", "));
}

Setting yes_or_no(const std::string& key, bool& field) {
  auto parse = [](const Value& value) -> std::optional<bool> {
    if (value.quoted || (value.text != "true" && value.text != "false")) {
      return std::nullopt;
    }
    return value.text == "true";
  };
  auto format = [](bool yes) { return Value{.text = yes ? "true" : "false", .quoted = false}; };
  return single(key, "true or false", field, parse, format);
}

Setting text(const std::string& key, std::string& field, std::size_t longest) {
  auto parse = [longest](const Value& value) -> std::optional<std::string> {
    if (value.text.size() > longest || has_control_character(value.text)) {
      return std::nullopt;
    }
    return value.text;
  };
  auto format = [](const std::string& text) { return Value{.text = text, .quoted = true}; };
  const auto expected = fmt::format("at most {} bytes without control characters", longest);
  return single(key, expected, field, parse, format);
}

}  // namespace server
