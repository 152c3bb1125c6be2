#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "server/net/network.hpp"

namespace server {

/// A list of networks in which a client's address is found by one binary search, however many there
/// are.
class NetworkTable {
 public:
  using value_type = Network;
  using const_iterator = std::vector<Network>::const_iterator;

  NetworkTable() : NetworkTable(std::vector<Network>()) {}
  /// The order does not matter. Networks may contain one another, and may be given twice.
  explicit NetworkTable(std::vector<Network> networks);

  /// The prefix length of the narrowest network that contains the address; none if no network does.
  /// IPv4 networks contain no IPv6 address and the other way round: ::/0 is every IPv6 address, no
  /// IPv4 address. An IPv4-mapped IPv6 address is an IPv4 address. The scope of an address
  /// (fe80::1%eth0) does not count.
  std::optional<unsigned> longest_match(const boost::asio::ip::address& address) const;

  /// Whether any network contains the address.
  bool contains(const boost::asio::ip::address& address) const {
    return longest_match(address).has_value();
  }

  /// The networks as they were given.
  const_iterator begin() const { return networks_.begin(); }
  const_iterator end() const { return networks_.end(); }
  std::size_t size() const { return networks_.size(); }
  bool empty() const { return networks_.empty(); }

  bool operator==(const NetworkTable& other) const { return networks_ == other.networks_; }

 private:
  // An address as a number. IPv4 addresses are the IPv4-mapped ones among those of IPv6.
  __extension__ using Number = unsigned __int128;
  struct Block;

  static Number number_of(const boost::asio::ip::address& address);
  static Block block_of(const Network& network);
  void cut(const std::vector<Block>& blocks);

  std::vector<Network> networks_;
  // All addresses in order, cut where the longest match changes. A piece reaches to the beginning
  // of the next, and has its match at the same index.
  std::vector<Number> begins_;
  std::vector<std::optional<std::uint8_t>> matches_;
};

}  // namespace server
