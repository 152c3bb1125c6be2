#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <optional>

#include "client/wire/resolution.hpp"
#include "client/wire/target.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// A connection, and how it came about.
struct Connection {
  coro::Descriptor socket;
  boost::asio::ip::tcp::endpoint peer;
  coro::Clock::duration took{};  ///< from SYN to established, for the address that answered
};

/// Connects to the first of the target's addresses that answers. They are tried in their order, but
/// the two families in turn, each a quarter of a second after the one before, or when that has
/// failed; the others are given up when one answers (RFC 8305, 4 and 5). The error is that of the
/// last one that failed, but one of the network rather than one of this machine; timed_out if none
/// has answered within the limit.
///
/// source: an address of this machine to connect from, for the peers of its family; without it the
/// kernel chooses.
boost::system::result<Connection> connect(
    coro::Yield yield, const Target& target, const Addresses& addresses,
    coro::Clock::duration limit,
    const std::optional<boost::asio::ip::address>& source = std::nullopt);

/// Resolves and connects, within the limit.
boost::system::result<Connection> connect(coro::Yield yield, const Target& target,
                                          coro::Clock::duration limit);

}  // namespace client
