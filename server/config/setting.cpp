#include "server/config/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/nowide/utf/utf.hpp>

#include "server/config/config_error.hpp"

namespace server {

namespace {

// yaml-cpp makes of the escapes \N and \_ a lone byte, which is no UTF-8.
bool is_utf8_without_control_characters(std::string_view text) {
  namespace utf = boost::nowide::utf;
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  while (position != end) {
    const utf::code_point character = utf::utf_traits<char>::decode(position, end);
    if (!utf::is_valid_codepoint(character) || character < 0x20 || character == 0x7F) return false;
  }
  return true;
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
    if (value.quoted || (value.text != "true" && value.text != "false")) return std::nullopt;
    return value.text == "true";
  };
  auto format = [](bool yes) { return Value{.text = yes ? "true" : "false", .quoted = false}; };
  return single(key, "true or false", field, parse, format);
}

Setting text(const std::string& key, std::string& field, std::size_t longest) {
  auto parse = [longest](const Value& value) -> std::optional<std::string> {
    if (value.text.size() > longest || !is_utf8_without_control_characters(value.text))
      return std::nullopt;
    return value.text;
  };
  auto format = [](const std::string& text) { return Value{.text = text, .quoted = true}; };
  const auto expected =
      fmt::format("at most {} bytes of UTF-8 without control characters", longest);
  return single(key, expected, field, parse, format);
}

}  // namespace server
