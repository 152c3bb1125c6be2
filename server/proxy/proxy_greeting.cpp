#include "server/proxy/proxy_greeting.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "coro/time_limit.hpp"

namespace server {

boost::system::result<ProxyGreeting, std::string> read_proxy_greeting(
    coro::Stream& stream, ProxyProtocol accepted, std::span<char> scratch, std::string& received,
    std::chrono::nanoseconds limit, coro::Yield yield) {
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

}  // namespace server
