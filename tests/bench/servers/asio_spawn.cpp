// Boost.Asio with its own stackful coroutines.
//   asio_spawn PORT
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/spawn.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

#include "tests/bench/servers/asio_listener.hpp"

namespace {

using boost::asio::yield_context;
using boost::asio::ip::tcp;
using boost::system::error_code;

void serve(tcp::socket& socket, yield_context yield) {
  std::array<char, 4096> data;
  error_code error;
  for (;;) {
    const auto size = socket.async_read_some(boost::asio::buffer(data), yield[error]);
    if (error) return;
    boost::asio::async_write(socket, boost::asio::buffer(data, size), yield[error]);
    if (error) return;
  }
}

void listen(boost::asio::io_context& context, tcp::acceptor& acceptor, yield_context yield) {
  for (;;) {
    error_code error;
    tcp::socket socket(context);
    acceptor.async_accept(socket, yield[error]);
    if (error) continue;
    boost::asio::spawn(
        context,
        [socket = std::move(socket)](yield_context inner) mutable { serve(socket, inner); },
        boost::asio::detached);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 64;
  boost::asio::io_context context(1);
  auto acceptor = listen_with_asio(context, arguments[1]);
  boost::asio::spawn(
      context, [&](yield_context yield) { listen(context, acceptor, yield); },
      boost::asio::detached);
  context.run();
}
