#include "server/udp/udp_binding.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

#include "coro/error.hpp"
#include "server/accept/bind_socket.hpp"
#include "server/accept/socket_options.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

using boost::system::system_error;

// Some 2,500 small datagrams, as the kernel counts them, which the service answers in 10 ms. The
// kernel gives no more than net.core.rmem_max.
constexpr int receive_buffer = 1024 * 1024;

// Whether a socket with this address receives only what is sent to one host: the kernel connects no
// socket to a broadcast address. An IPv4-mapped one does not count: its answers have the TTL of
// IPv4, and set_ttl() sets the hop limit of IPv6.
bool is_of_one_host(const coro::Endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  const auto address = peer_at(endpoint).address;
  if (!address || address->is_unspecified() || address->is_multicast()) return false;
  if (family == AF_INET6 && address->is_v4()) return false;
  const coro::Descriptor probe(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  return probe.is_open() &&
         ::connect(probe.number(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0;
}

}  // namespace

std::vector<ListenAddress> udp_addresses(const Config& config, coro::Yield yield) {
  if (!config.udp.port) return {};
  return host_addresses(config, *config.udp.port, "udp.port", yield);
}

boost::system::result<coro::Descriptor> bind_udp(const ListenAddress& address, const Config& config,
                                                 const std::vector<int>& ceding) try {
  const int family = address.endpoint.protocol().family();
  coro::Descriptor socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!socket.is_open() && errno == EAFNOSUPPORT && address.dual_stack)
    return bind_udp(over_ipv4_alone(address), config, ceding);
  if (!socket.is_open()) return coro::last_error();
  if (family == AF_INET6)
    set_option(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, address.dual_stack ? 0 : 1);
  share_port(socket.number(), config.reuse_port);
  if (const auto unbound = bind_socket(socket.number(), address.endpoint, ceding)) return unbound;
  set_udp_options(socket.number());
  set_option(socket.number(), SOL_SOCKET, SO_RCVBUF, receive_buffer);
  return socket;
} catch (const system_error& error) {
  return error.code();
}

// IPv4's options on a dual-stack socket are for the IPv4 datagrams that it receives.
void set_udp_options(int socket) {
  const coro::Endpoint endpoint = local_endpoint(socket);
  const int with_address = is_of_one_host(endpoint) ? 0 : 1;
  set_option(socket, IPPROTO_IP, IP_PKTINFO, with_address);
  set_option(socket, IPPROTO_IP, IP_RECVTTL, 1);
  set_option(socket, SOL_SOCKET, SO_BROADCAST, 0);
  if (endpoint.protocol().family() != AF_INET6) return;
  set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, with_address);
  set_option(socket, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  // A local route may be all that makes an address one of this machine (ip-route(8), type local).
  // Datagrams to it arrive; without this option the kernel refuses an answer from it.
  set_option(socket, IPPROTO_IPV6, IPV6_FREEBIND, 1);
}

void set_ttl(int socket, int ttl) {
  const bool is_ipv6 = socket_option(socket, SO_DOMAIN) == AF_INET6;
  set_option(socket, is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, is_ipv6 ? IPV6_UNICAST_HOPS : IP_TTL,
             ttl);
}

}  // namespace server
