// Boost.Asio in the style of its own examples: a session that keeps itself alive, two callbacks.
//   asio_callbacks PORT
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

#include "tests/bench/servers/asio_listener.hpp"

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    socket_.async_read_some(boost::asio::buffer(data_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (!error) self->write(size);
                            });
  }

 private:
  void write(std::size_t size) {
    boost::asio::async_write(socket_, boost::asio::buffer(data_, size),
                             [self = shared_from_this()](error_code error, std::size_t) {
                               if (!error) self->read();
                             });
  }

  tcp::socket socket_;
  std::array<char, 4096> data_;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->read();
    accept(acceptor);
  });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 64;
  boost::asio::io_context context(1);
  auto acceptor = listen_with_asio(context, arguments[1]);
  accept(acceptor);
  context.run();
}
