#pragma once

#include <boost/system/result.hpp>
#include <span>
#include <string>

#include "coro/stream.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_greeting.hpp"

namespace server {

/// The PROXY header before the client's first byte, or an empty greeting if proxy_protocol is off.
/// Suspends until it is complete, at most for proxy_header_timeout since the client has connected.
/// `scratch` and `received` are as for read_proxy_greeting(). If there are bytes in `received`,
/// another program has begun to read a header: then proxy_protocol
/// may be off meanwhile. The error is a phrase for the log.
boost::system::result<ProxyGreeting, std::string> read_greeting(
    coro::Stream& stream, const Peer& peer, coro::Clock::time_point connected, const Config& config,
    std::span<char> scratch, std::string& received, coro::Yield yield);

}  // namespace server
