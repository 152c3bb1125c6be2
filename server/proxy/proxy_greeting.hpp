#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <span>
#include <string>

#include "coro/stream.hpp"
#include "coro/yield.hpp"
#include "server/proxy/proxy_protocol.hpp"

namespace server {

/// How long a proxy may take for its header.
inline constexpr std::chrono::seconds proxy_header_timeout{3};

/// A proxy's header, and the client's first bytes.
struct ProxyGreeting {
  ProxyHeader header;
  /// The bytes that came with the header and stand behind it: the client's.
  std::string rest;
};

/// Reads the header that the connection must begin with, by way of `scratch`, which others may use
/// too. `received` are the bytes that were read so far; more are appended as they come, so it
/// always holds all. Gives up after `limit`. The error is a phrase for the log.
boost::system::result<ProxyGreeting, std::string> read_proxy_greeting(
    coro::Stream& stream, ProxyProtocol accepted, std::span<char> scratch, std::string& received,
    std::chrono::nanoseconds limit, coro::Yield yield);

}  // namespace server
