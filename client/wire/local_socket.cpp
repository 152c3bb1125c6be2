#include "client/wire/local_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>

#include "coro/error.hpp"
#include "coro/timer.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto pause = 10ms;  // nothing says when there is room in the queue

coro::error_code try_to_connect(int socket, const std::string& path) {
  const boost::asio::local::stream_protocol::endpoint peer(path);
  const int result = ::connect(socket, peer.data(), static_cast<socklen_t>(peer.size()));
  return result == 0 ? coro::error_code() : coro::last_error();
}

}  // namespace

boost::system::result<coro::Descriptor> connect_to_path(coro::Yield yield, const std::string& path,
                                                        coro::Clock::duration limit) {
  const auto deadline = coro::Clock::now() + limit;
  coro::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return coro::last_error();
  for (;;) {
    const auto failed = try_to_connect(socket.number(), path);
    if (!failed) return socket;
    if (failed != error::would_block) return failed;
    const auto left = deadline - coro::Clock::now();
    if (left <= 0s) return coro::error_code(error::timed_out);
    if (const auto interrupted =
            coro::sleep_for(yield, std::min<coro::Clock::duration>(left, pause)))
      return interrupted;
  }
}

}  // namespace client
