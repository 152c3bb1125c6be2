#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coro/io.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"
#include "server/session/transport.hpp"

namespace server {

/// An address that the configuration asks to listen on.
struct ListenAddress {
  coro::Endpoint endpoint;  ///< its port may be 0, for a free one
  /// "FILE:LINE: key 'host'", for errors about the address or the path.
  std::string origin;
  /// "FILE:LINE: key 'port'", for errors about the port; a path has none.
  std::string port_origin = {};
  /// The configuration did not name this address itself (localhost is also ::1): the service starts
  /// without it on a machine that has no such address.
  bool optional = false;
  /// An IPv6 wildcard that takes IPv4 too, since the configuration names no IPv4 wildcard beside
  /// it.
  bool dual_stack = false;
  Transport transport = Transport::plain;
};

/// The addresses that `host`, `port`, `tls.port` and `unix` ask for, names resolved. Throws
/// ConfigError if a name cannot be resolved.
std::vector<ListenAddress> listen_addresses(const Config& config, coro::Yield yield);
/// Those of `tls.port` among them.
std::vector<ListenAddress> tls_addresses(const Config& config, coro::Yield yield);

/// The addresses of `host` with this port, which `key` sets, names resolved. Throws ConfigError if
/// a name cannot be resolved.
std::vector<ListenAddress> host_addresses(const Config& config, std::uint16_t port,
                                          const std::string& key, coro::Yield yield);

/// All addresses of a machine without IPv6, instead of an IPv6 wildcard that takes IPv4 too.
ListenAddress over_ipv4_alone(const ListenAddress& dual_stack);

/// The address that `admin.host` and `admin.port`, which must be set, ask for: the first of a
/// name's, one is enough for administrators. Throws ConfigError as well.
ListenAddress admin_address(const Config& config, coro::Yield yield);

}  // namespace server
