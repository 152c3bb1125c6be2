#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <vector>

#include "client/target.hpp"
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

using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

/// All addresses of the target, in the order to try them. The errors are the resolver's, or
/// timed_out.
boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit);

/// Connects to the first of the target's addresses that answers; the time is shared among those
/// that are left. The error is that of the last one tried, timed_out if it did not answer in time.
boost::system::result<Connection> connect(coro::Yield yield, const Target& target,
                                          const Addresses& addresses, coro::Clock::duration limit);

/// Both, within the limit.
boost::system::result<Connection> connect(coro::Yield yield, const Target& target,
                                          coro::Clock::duration limit);

}  // namespace client
