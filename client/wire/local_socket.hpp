#pragma once

#include <boost/system/result.hpp>
#include <string>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// The longest path of a Unix socket (unix(7)), in bytes.
constexpr std::size_t longest_socket_path = 107;

/// Connects to the Unix socket at the path, a SOCK_STREAM. Waits while the queue of the service is
/// full, at most for the limit: timed_out. The other errors are those of connect(2).
boost::system::result<coro::Descriptor> connect_to_path(coro::Yield yield, const std::string& path,
                                                        coro::Clock::duration limit);

}  // namespace client
