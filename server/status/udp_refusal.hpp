#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace server {

/// Why a datagram was not answered.
enum class UdpRefusal {
  not_allowed,  ///< the source is in no network of udp.allow
  source_port,  ///< below 1024: another service could be made to answer in turn
  own_address,  ///< the source is an address and a port of this service
  multicast,    ///< a multicast or broadcast address as the source or the destination
  rate,         ///< udp.rate of the source network is used up
  ttl,          ///< the request had no hop left for its answer
  no_buffer,    ///< the kernel had no room for the answer
  unreachable,  ///< the system does not send to the source: no route, a firewall
  fault         ///< configured under faults:
};

inline constexpr std::size_t udp_refusal_count = static_cast<std::size_t>(UdpRefusal::fault) + 1;

/// Calls `visit(UdpRefusal)` for each refusal there is.
template <typename Visit>
void for_each_udp_refusal(Visit visit) {
  for (std::size_t index = 0; index < udp_refusal_count; ++index)
    visit(static_cast<UdpRefusal>(index));
}

/// "not allowed".
std::string_view to_string(UdpRefusal refusal);

/// "not_allowed": as a key or a label.
std::string identifier(UdpRefusal refusal);

}  // namespace server
