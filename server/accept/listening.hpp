#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"
#include "server/accept/socket_file.hpp"
#include "server/config/config.hpp"
#include "server/session/transport.hpp"

namespace server {

/// An address that the configuration asks to listen on.
struct ListenAddress {
  coro::Endpoint endpoint;
  /// "FILE:LINE: key 'host'", for errors about it.
  std::string origin;
  /// The configuration did not name this address itself (localhost is also ::1): the service starts
  /// without it on a machine that has no such address.
  bool optional = false;
  /// An IPv6 wildcard that takes IPv4 too, since the configuration names no IPv4 wildcard beside
  /// it.
  bool dual_stack = false;
  Transport transport = Transport::plain;
};

struct ListeningSocket {
  coro::Descriptor socket;
  SocketFile file;
  /// The service manager keeps this socket open: connections that we do not accept go to the next
  /// instance.
  bool inherited = false;
};

/// The addresses of `host` with this port, names resolved. Throws ConfigError if a name cannot be
/// resolved.
std::vector<ListenAddress> host_addresses(const Config& config, std::uint16_t port,
                                          coro::Yield yield);

/// All addresses of a machine without IPv6, instead of an IPv6 wildcard that takes IPv4 too.
ListenAddress over_ipv4_alone(const ListenAddress& dual_stack);

/// The addresses that `host`, `port`, `tls.port` and `unix` ask for, names resolved. Throws
/// ConfigError if a name cannot be resolved.
std::vector<ListenAddress> listen_addresses(const Config& config, coro::Yield yield);
/// Those of `tls.port` among them.
std::vector<ListenAddress> tls_addresses(const Config& config, coro::Yield yield);

/// Binds and listens. Port 0 takes a free one. The file of a Unix socket that nobody listens on any
/// more is replaced. See bind_socket() for `ceding`.
boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              const std::vector<int>& ceding = {});

/// The address that `admin.host` and `admin.port`, which must be set, ask for: the first of a
/// name's, one is enough for administrators. Throws ConfigError as well.
ListenAddress admin_address(const Config& config, coro::Yield yield);

/// Whether an address cannot be listened on since the machine has no such address, or no such
/// protocol at all.
bool is_absent(coro::error_code error);

/// "cannot listen on ADDRESS: REASON".
std::string cannot_listen(const coro::Endpoint& endpoint, coro::error_code reason);

}  // namespace server
