#include "server/proxy/proxy_greeting.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "coro/time_limit.hpp"

namespace server {

boost::system::result<ProxyGreeting, std::string> read_proxy_greeting(coro::Stream& stream,
                                                                      ProxyProtocol accepted,
                                                                      coro::Yield yield) {
  const coro::TimeLimit limit(yield, proxy_header_timeout);
  std::string bytes;
  for (;;) {
    // A header that is incomplete is shorter than the longest one, so there is always room.
    const std::size_t before = bytes.size();
    bytes.resize(max_proxy_header_size + 1);
    const auto [error, size] = stream.read_some(boost::asio::buffer(bytes) + before, yield);
    bytes.resize(before + size);
    // Even then the header may be complete: the process may have been frozen.
    const bool out_of_time = error == boost::asio::error::operation_aborted;
    if (error && !out_of_time) return "no complete PROXY header: " + error.message();

    const ProxyHeaderResult parsed = parse_proxy_header(bytes, accepted);
    if (!parsed) return std::string(parsed.error());
    if (const auto& header = *parsed) return ProxyGreeting{*header, bytes.substr(header->size)};
    if (out_of_time) return std::string("no complete PROXY header in time");
  }
}

}  // namespace server
