#include "server/config/config_error.hpp"

#include <fmt/format.h>

namespace server {

namespace {

constexpr std::size_t longest_shown = 120;

std::string without_control_characters(std::string_view text) {
  const std::string quoted = fmt::format("{:?}", text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::string place(const std::string& file, int line, std::string_view key) {
  return fmt::format("{}: key '{}'", place(file, line), escaped(key));
}

std::string place(const std::string& file, int line) {
  const std::string name = without_control_characters(file);
  return line == 0 ? name : fmt::format("{}:{}", name, line);
}

std::string escaped(std::string_view text) {
  if (text.size() > longest_shown)
    return without_control_characters(text.substr(0, longest_shown)) + "...";
  return without_control_characters(text);
}

}  // namespace server
