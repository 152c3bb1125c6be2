#include "server/proxy/proxy_greeting.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <chrono>

#include "coro/time_limit.hpp"

namespace server {
namespace {

using Result = boost::system::result<ProxyGreeting, std::string>;

// How long a proxy may take for its header.
constexpr std::chrono::seconds proxy_header_timeout{3};

// A header names the client that limits and log lines are about, so a stranger must not send one.
bool trusted(const Peer& peer, const Config& config) {
  // The mode of a Unix socket decides who may connect to it.
  if (!peer.address) return true;
  return config.trusted_proxies.contains(*peer.address);
}

Result read_header(coro::Stream& stream, ProxyProtocol accepted, std::span<char> scratch,
                   std::string& received, std::chrono::nanoseconds limit, coro::Yield yield) {
  const coro::TimeLimit time_limit(yield, limit);
  for (;;) {
    // A header that is incomplete is shorter than the longest one, so there is always room.
    const auto room =
        boost::asio::buffer(scratch.data(), max_proxy_header_size + 1 - received.size());
    const auto [error, size] = stream.read_some(room, yield);
    received.append(scratch.data(), size);
    // Even then the header may be complete: the process may have been frozen.
    const bool out_of_time = error == boost::asio::error::operation_aborted;
    if (error && !out_of_time) return "no complete PROXY header: " + error.message();

    const ProxyHeaderResult parsed = parse_proxy_header(received, accepted);
    if (!parsed) return std::string(parsed.error());
    if (const auto& header = *parsed) return ProxyGreeting{*header, received.substr(header->size)};
    if (out_of_time) return std::string("no complete PROXY header in time");
  }
}

}  // namespace

Result read_greeting(coro::Stream& stream, const Peer& peer, coro::Clock::time_point connected,
                     const Config& config, std::span<char> scratch, std::string& received,
                     coro::Yield yield) {
  ProxyProtocol accepted = config.proxy_protocol;
  if (received.empty()) {
    if (accepted == ProxyProtocol::off) return ProxyGreeting{};
    if (!trusted(peer, config)) return "not from a trusted proxy";
  } else if (accepted == ProxyProtocol::off) {
    accepted = ProxyProtocol::any;
  }
  const std::chrono::nanoseconds left = connected + proxy_header_timeout - coro::Clock::now();
  return read_header(stream, accepted, scratch, received,
                     std::max(left, std::chrono::nanoseconds::zero()), yield);
}

}  // namespace server
