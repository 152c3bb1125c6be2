#include "server/status/udp_refusal.hpp"

#include <algorithm>
#include <array>

namespace server {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, udp_refusal_count> refusal_names = {
    "not allowed", "source port", "own address", "multicast", "rate",
    "ttl",         "no buffer",   "unreachable", "fault"};
static_assert(!refusal_names.back().empty());

}  // namespace

std::string_view to_string(UdpRefusal refusal) {
  return refusal_names[static_cast<std::size_t>(refusal)];
}

std::string identifier(UdpRefusal refusal) {
  std::string name(to_string(refusal));
  std::ranges::replace(name, ' ', '_');
  return name;
}

}  // namespace server
