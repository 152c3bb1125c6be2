#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "server/net/network.hpp"

namespace server {

/// The addresses of many networks. One binary search finds an address, however many networks there
/// are.
class AddressSet {
 public:
  /// The longest prefix that contains an address decides whether the set has it. If a network is in
  /// both lists, it is excluded. An address in none is not in the set. Neither the order nor a
  /// repetition matters.
  explicit AddressSet(std::span<const Network> included = {},
                      std::span<const Network> excluded = {});

  /// IPv4 networks contain no IPv6 address and the other way round: ::/0 is every IPv6 address, no
  /// IPv4 address. An IPv4-mapped IPv6 address is an IPv4 address. The scope of an address
  /// (fe80::1%eth0) does not count.
  bool contains(const boost::asio::ip::address& address) const;
  /// The same for an IPv4 address as a number in the byte order of this machine.
  bool contains(std::uint32_t ipv4) const;

  bool operator==(const AddressSet&) const = default;

 private:
  using Ipv4Number = std::uint32_t;
  __extension__ using Ipv6Number = unsigned __int128;

  // The set and its complement in turns: what begins at an even index is outside, what begins at an
  // odd one is inside. The first begins at 0.
  std::vector<Ipv4Number> ipv4_borders_;
  std::vector<Ipv6Number> ipv6_borders_;
};

}  // namespace server
