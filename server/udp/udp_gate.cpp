#include "server/udp/udp_gate.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "coro/descriptor.hpp"

namespace server {
namespace {

namespace ip = boost::asio::ip;

// Below are the ports of other services, some of which answer whatever they receive.
constexpr std::uint16_t first_client_port = 1024;

// An address that no answer can or may go to. The kernel drops most of them already.
bool is_no_host(const ip::address& source) {
  return source.is_multicast() || source.is_unspecified();
}

bool is_no_host(std::uint32_t ipv4) {
  return ipv4 >> 24 == 0 || ipv4 >= 0xE0000000;  // this network; multicast, reserved
}

// The kernel binds a socket to addresses of this machine only, and to an IPv4-mapped one only if
// the socket is for both families, whatever net.ipv6.bindv6only is. If there is no socket to ask
// with, the source counts as one of them.
bool is_of_this_machine(SocketAddress address) {
  address.v4.sin_port = 0;  // at the same place for IPv6
  const coro::Descriptor probe(
      ::socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  const int alone = 0;
  ::setsockopt(probe.number(), IPPROTO_IPV6, IPV6_V6ONLY, &alone, sizeof alone);
  return !probe.is_open() || ::bind(probe.number(), &address.any, address.size()) == 0;
}

}  // namespace

std::optional<UdpRefusal> UdpGate::refusal_of(const Datagram& datagram,
                                              coro::Clock::time_point now) {
  const auto ipv4 = datagram.peer.ipv4();
  return ipv4 ? refusal_of(datagram, *ipv4, now)
              : refusal_of(datagram, datagram.peer.address(), now);
}

template <typename Source>
std::optional<UdpRefusal> UdpGate::refusal_of(const Datagram& datagram, const Source& source,
                                              coro::Clock::time_point now) {
  // The rate is last: a datagram that is refused takes no token of its source.
  if (!datagram.asked.unicast || is_no_host(source)) return UdpRefusal::multicast;
  if (!is_allowed(source)) return UdpRefusal::not_allowed;
  if (datagram.peer.port() < first_client_port) return UdpRefusal::source_port;
  if (is_own(datagram)) return UdpRefusal::own_address;
  if (datagram.ttl <= 1) return UdpRefusal::ttl;
  const std::uint32_t rate = config_.udp.rate;
  if (rate > 0 && !rate_.take(source, rate, now)) return UdpRefusal::rate;
  return std::nullopt;
}

// A client that is not served over TCP is not over UDP.
template <typename Source>
bool UdpGate::is_allowed(const Source& source) const {
  return config_.udp.allow.contains(source) && config_.access.admits(source);
}

// The ports are compared first: hardly any client has one of them.
bool UdpGate::is_own(const Datagram& datagram) const {
  return std::ranges::find(own_ports_, datagram.peer.port()) != own_ports_.end() &&
         is_of_this_machine(datagram.peer);
}

}  // namespace server
