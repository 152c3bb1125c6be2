// Boost.Asio with C++20 coroutines.
//   asio_awaitable PORT
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "tests/bench/servers/asio_listener.hpp"

namespace {

using boost::asio::ip::tcp;
constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

boost::asio::awaitable<void> serve(tcp::socket socket) {
  std::array<char, 4096> data;
  for (;;) {
    const auto [failed, size] =
        co_await socket.async_read_some(boost::asio::buffer(data), use_tuple);
    if (failed) co_return;
    const auto [unsent, sent] =
        co_await boost::asio::async_write(socket, boost::asio::buffer(data, size), use_tuple);
    if (unsent) co_return;
  }
}

boost::asio::awaitable<void> listen(tcp::acceptor& acceptor) {
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(use_tuple);
    if (failed) continue;
    boost::asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), boost::asio::detached);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 64;
  boost::asio::io_context context(1);
  auto acceptor = listen_with_asio(context, arguments[1]);
  boost::asio::co_spawn(context, listen(acceptor), boost::asio::detached);
  context.run();
}
