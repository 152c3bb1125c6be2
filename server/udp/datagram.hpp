#pragma once

#include <netinet/in.h>

#include <boost/asio/ip/address.hpp>
#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace server {

/// The address of an IPv4 or IPv6 socket as the kernel writes and reads it.
union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;

  socklen_t size() const {
    return any.sa_family == AF_INET ? socklen_t{sizeof v4} : socklen_t{sizeof v6};
  }
  std::uint16_t port() const { return ntohs(v4.sin_port); }  // at the same place for both

  /// An IPv4 address as a number in the byte order of this machine, also if it is mapped; none if
  /// the address is IPv6.
  std::optional<std::uint32_t> ipv4() const {
    if (any.sa_family == AF_INET) return ntohl(v4.sin_addr.s_addr);
    if (!IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return std::nullopt;
    return boost::endian::load_big_u32(&v6.sin6_addr.s6_addr[12]);
  }
  /// With its scope; IPv4 as IPv4, also if it is mapped.
  boost::asio::ip::address address() const;
};

/// The address that a datagram was sent to, from which its answer goes back.
struct AskedAddress {
  /// `bound`: the only one that the socket is bound to, so the kernel answers from it anyway.
  enum class Kind : std::uint8_t { bound, ipv4, ipv6 } kind = Kind::bound;
  bool unicast = true;  ///< one host's: no multicast and no broadcast, also not of a subnet
  in_addr ipv4 = {};
  in6_addr ipv6 = {};
  unsigned interface = 0;  ///< of an IPv6 address that is valid on one link only, otherwise 0
};

/// One datagram, which stays where it is until its batch receives again.
struct Datagram {
  SocketAddress peer;  ///< for the kernel: with the scope, IPv4 perhaps mapped
  AskedAddress asked;
  int ttl = 0;  ///< or hop limit; 0 = the kernel did not report all that was asked
  std::string_view payload;
};

}  // namespace server
