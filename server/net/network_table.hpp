#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/net/address_set.hpp"
#include "server/net/network.hpp"

namespace server {

/// A list of networks, as an operator writes it, and the addresses in it.
class NetworkTable {
 public:
  using value_type = Network;
  using const_iterator = std::vector<Network>::const_iterator;

  NetworkTable() = default;
  explicit NetworkTable(std::vector<Network> networks)
      : networks_(std::move(networks)), addresses_(networks_) {}

  bool contains(const boost::asio::ip::address& address) const {
    return addresses_.contains(address);
  }
  bool contains(std::uint32_t ipv4) const { return addresses_.contains(ipv4); }

  /// The networks as they were given.
  const_iterator begin() const { return networks_.begin(); }
  const_iterator end() const { return networks_.end(); }
  std::size_t size() const { return networks_.size(); }

  bool operator==(const NetworkTable&) const = default;

 private:
  std::vector<Network> networks_;
  AddressSet addresses_;
};

}  // namespace server
