#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "client/wire/resolution.hpp"

namespace client {

/// Source addresses for a benchmark that makes new connections all the time. A closed connection
/// occupies its port for a minute (TIME_WAIT), so that an address of this machine is good
/// for some 28,000; the search for a free one takes ever longer before that. All of 127.0.0.0/8 is
/// this machine, though (RFC 1122, 3.2.1.3): to a service on loopback each few thousand connections
/// come from another address.
class SourceAddresses {
 public:
  explicit SourceAddresses(const Addresses& targets);

  /// For the next connection; nothing if the kernel is to choose the usual one.
  std::optional<boost::asio::ip::address> next();
  /// The address just used has no free port: another will be used. False if there is no other.
  bool exhausted();

 private:
  bool several_;  // only then there is a choice
  std::uint32_t place_;
  std::size_t used_ = 0;  // of the present address
  bool usual_ = true;
};

/// Whether so many connections one after the other, within that time, were more than this machine
/// has ports for, where it has no other addresses to connect from: what was measured then is the
/// search for a free port (ip_sysctl: ip_local_port_range, tcp_tw_reuse).
bool had_to_search_for_ports(const Addresses& targets, std::uint64_t connections,
                             std::chrono::nanoseconds time);

}  // namespace client
