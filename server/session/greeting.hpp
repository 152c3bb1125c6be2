#pragma once

#include <boost/system/result.hpp>
#include <string>

#include "coro/stream.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_greeting.hpp"

namespace server {

/// The PROXY header before the client's first byte, or an empty greeting if proxy_protocol is off.
/// Suspends until it is complete. The error is a phrase for the log.
boost::system::result<ProxyGreeting, std::string> read_greeting(coro::Stream& stream,
                                                                const Peer& peer,
                                                                const Config& config,
                                                                coro::Yield yield);

}  // namespace server
