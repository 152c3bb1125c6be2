#include "server/config/config_error.hpp"

#include <fmt/format.h>

#include "program/escape.hpp"

namespace server {

namespace {

constexpr std::size_t longest_shown = 120;

}  // namespace

std::string place(const std::string& file, int line, std::string_view key) {
  return fmt::format("{}: key '{}'", place(file, line), escaped(key));
}

std::string place(const std::string& file, int line) {
  const std::string name = program::escaped(file);
  return line == 0 ? name : fmt::format("{}:{}", name, line);
}

std::string escaped(std::string_view text) {
  const std::size_t shown = program::whole_characters(text, longest_shown);
  return program::escaped(text.substr(0, shown)) + (shown < text.size() ? "..." : "");
}

}  // namespace server
