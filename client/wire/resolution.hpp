#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <vector>

#include "client/wire/target.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;

/// All addresses of the target that are of its family, in the resolver's order. `localhost` and the
/// names that end in `.localhost` are 127.0.0.1 and ::1, and nobody is asked (RFC 6761, 6.3). Ends
/// at once when the coroutine is cancelled, also while getaddrinfo(3) blocks. The errors are the
/// resolver's (no_data if none is of the family), also where it has not answered within the limit
/// (host_not_found_try_again, as when the resolver itself gives up), or those of this machine if it
/// has no thread to ask on.
boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit);

}  // namespace client
