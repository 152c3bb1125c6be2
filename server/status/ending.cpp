#include "server/status/ending.hpp"

#include <algorithm>
#include <array>

namespace server {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, ending_count> names = {
    "closed by client", "reset by client", "truncated", "connection lost", "idle timeout",
    "write timeout",    "shutdown",        "limit",     "proxy header",    "handshake failed",
    "not allowed",      "fault",           "failed"};
static_assert(!names.back().empty());

}  // namespace

std::string_view to_string(Ending ending) {
  return names[static_cast<std::size_t>(ending)];
}

std::string identifier(Ending ending) {
  std::string name(to_string(ending));
  std::ranges::replace(name, ' ', '_');
  return name;
}

bool is_refusal(Ending ending) {
  return ending == Ending::limit || ending == Ending::not_allowed ||
         ending == Ending::proxy_header || ending == Ending::handshake_failed;
}

}  // namespace server
