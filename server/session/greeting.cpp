#include "server/session/greeting.hpp"

#include <algorithm>
#include <chrono>

namespace server {
namespace {

// A header names the client that limits and log lines are about, so a stranger must not send one.
bool trusted(const Peer& peer, const Config& config) {
  // The mode of a Unix socket decides who may connect to it.
  if (!peer.address) return true;
  return config.trusted_proxies.contains(*peer.address);
}

}  // namespace

boost::system::result<ProxyGreeting, std::string> read_greeting(
    coro::Stream& stream, const Peer& peer, coro::Clock::time_point connected, const Config& config,
    std::span<char> scratch, std::string& received, coro::Yield yield) {
  ProxyProtocol accepted = config.proxy_protocol;
  if (received.empty()) {
    if (accepted == ProxyProtocol::off) return ProxyGreeting{};
    if (!trusted(peer, config)) return "not from a trusted proxy";
  } else if (accepted == ProxyProtocol::off) {
    accepted = ProxyProtocol::any;
  }
  const std::chrono::nanoseconds left = connected + proxy_header_timeout - coro::Clock::now();
  return read_proxy_greeting(stream, accepted, scratch, received,
                             std::max(left, std::chrono::nanoseconds::zero()), yield);
}

}  // namespace server
