#pragma once

#include <netinet/in.h>

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
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
  SocketAddress peer;               ///< for the kernel: with the scope, IPv4 perhaps mapped
  boost::asio::ip::address source;  ///< the same: with the scope, IPv4 as IPv4
  std::uint16_t source_port = 0;
  AskedAddress asked;
  int ttl = 0;  ///< or hop limit; 0 = the kernel did not report all that was asked
  std::string_view payload;
};

}  // namespace server
