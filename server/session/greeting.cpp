#include "server/session/greeting.hpp"

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
    coro::Stream& stream, const Peer& peer, const Config& config, std::span<char> scratch,
    std::string& received, coro::Yield yield) {
  ProxyProtocol accepted = config.proxy_protocol;
  if (received.empty()) {
    if (accepted == ProxyProtocol::off) return ProxyGreeting{};
    if (!trusted(peer, config)) return "not from a trusted proxy";
  } else if (accepted == ProxyProtocol::off) {
    accepted = ProxyProtocol::any;
  }
  return read_proxy_greeting(stream, accepted, scratch, received, yield);
}

}  // namespace server
