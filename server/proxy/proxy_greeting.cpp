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
    coro::error_code error = stream.wait_readable(yield);
    // Even then it may have come: the process may have been frozen.
    const bool last_look = error == boost::asio::error::operation_aborted;
    if (last_look) error.clear();
    // A header that is incomplete is shorter than the longest one, so there is always room.
    const std::size_t before = bytes.size();
    bytes.resize(max_proxy_header_size + 1);
    const std::size_t size = error ? 0 : stream.receive(boost::asio::buffer(bytes) + before, error);
    bytes.resize(before + size);
    if (error && error != boost::asio::error::would_block)
      return "no complete PROXY header: " + error.message();

    const ProxyHeaderResult parsed = parse_proxy_header(bytes, accepted);
    if (!parsed) return std::string(parsed.error());
    if (const auto& header = *parsed) return ProxyGreeting{*header, bytes.substr(header->size)};
    if (last_look) return std::string("no complete PROXY header in time");
  }
}

}  // namespace server
