#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "client/wire/connection.hpp"
#include "client/wire/resolution.hpp"
#include "client/wire/target.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// Connects to the first of the target's addresses that answers. They are tried in their order, but
/// the two families in turn, each a quarter of a second after the one before, or when that has
/// failed; the others are given up when one answers (RFC 8305, 4 and 5). The error is that of the
/// last one that failed, but one of the network rather than one of this machine; timed_out if none
/// has answered within the limit. A target with TLS has shaken hands when this returns.
///
/// A Unix socket has no addresses, and none are looked at.
///
/// source: an address of this machine to connect from, for the peers of its family, unless the
/// target has one; without either the kernel chooses.
boost::system::result<std::unique_ptr<Connection>> connect(
    coro::Yield yield, const Target& target, const Addresses& addresses,
    coro::Clock::duration limit,
    const std::optional<boost::asio::ip::address>& source = std::nullopt);

/// Lets the socket connect or send from that address of this machine, with a port that the kernel
/// chooses.
coro::error_code bind_to(const boost::asio::ip::address& source, int socket);

/// Whether this connected socket, of TCP or UDP, is its own peer. If nothing listens at a port of
/// this machine, the kernel may choose just that port for the client: it would echo perfectly.
bool is_connected_to_itself(int socket, std::uint16_t peer_port);

/// Resolves and connects, within the limit.
boost::system::result<std::unique_ptr<Connection>> connect(coro::Yield yield, const Target& target,
                                                           coro::Clock::duration limit);

}  // namespace client
