#pragma once

#include <boost/system/result.hpp>
#include <span>
#include <string>

#include "coro/stream.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_protocol.hpp"

namespace server {

/// A proxy's header, and the client's first bytes.
struct ProxyGreeting {
  ProxyHeader header;
  /// The bytes that came with the header and stand behind it: the client's.
  std::string rest;
};

/// The PROXY header before the client's first byte, or an empty greeting if proxy_protocol is off.
/// Suspends until the header is complete, at most for 3 s since the client has connected. The error
/// is a phrase for the log.
///
/// It reads by way of `scratch`, which others may use too. `received` are the bytes that were read
/// so far; more are appended as they come, so it always holds all. If there are some at the
/// beginning, another program has begun to read the header, which is then read to its end even if
/// proxy_protocol is off by now.
boost::system::result<ProxyGreeting, std::string> read_greeting(
    coro::Stream& stream, const Peer& peer, coro::Clock::time_point connected, const Config& config,
    std::span<char> scratch, std::string& received, coro::Yield yield);

}  // namespace server
