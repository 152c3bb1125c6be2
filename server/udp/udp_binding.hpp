#pragma once

#include <boost/system/result.hpp>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"
#include "server/accept/listen_address.hpp"
#include "server/config/config.hpp"

namespace server {

/// The addresses that `host` and `udp.port` ask for, names resolved; none if that is off. Throws
/// ConfigError if a name cannot be resolved.
std::vector<ListenAddress> udp_addresses(const Config& config, coro::Yield yield);

/// Binds a socket, with all its options. Port 0 takes a free one. `ceding` are UDP sockets of this
/// process that will be closed afterwards: their ports do not count as in use.
boost::system::result<coro::Descriptor> bind_udp(const ListenAddress& address, const Config& config,
                                                 const std::vector<int>& ceding);

/// The options that an echo needs: each datagram comes with its TTL and, unless the socket is bound
/// to one host's address, with the address that it was sent to, which costs a tenth of an echo. No
/// answer goes to a broadcast address. The socket is bound. Throws boost::system::system_error.
void set_udp_options(int socket);

/// Sets the TTL or hop limit of datagrams that are sent without one of their own. Throws
/// boost::system::system_error.
void set_ttl(int socket, int ttl);

}  // namespace server
