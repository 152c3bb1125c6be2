#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <vector>

#include "coro/yield.hpp"

namespace coro {

/// The addresses of a name, or of a numeric address, each with the port that `service` is (a
/// number, a name, or empty for 0), in the order of getaddrinfo(3), and at least one.
///
/// getaddrinfo(3) may take many seconds and cannot be interrupted, so it runs in a thread of its
/// own. A coroutine that is cancelled, or runs out of time before the answer is there, gets
/// operation_aborted at once; the thread is left behind, and keeps neither the scheduler nor the
/// process from ending (Asio's resolver does).
/// Otherwise an error is one of resolving, or what the system is short of: descriptors, memory,
/// threads.
boost::system::result<std::vector<boost::asio::ip::tcp::endpoint>> resolve(
    Yield yield, const std::string& host, const std::string& service);

}  // namespace coro
