#include "program/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace program {

std::optional<std::string> environment(const std::string& variable) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const char* const value = std::getenv(variable.c_str());
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

bool is_service_link(const std::string& variable) {
  constexpr std::array<std::string_view, 3> schemes = {"tcp://", "udp://", "sctp://"};
  const auto value = environment(variable);
  return value && variable.ends_with("_PORT") &&
         std::ranges::any_of(schemes, [&](auto scheme) { return value->starts_with(scheme); });
}

}  // namespace program
