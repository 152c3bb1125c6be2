// An echo server and a client that tries it, in one thread. Each connection is a coroutine that
// reads as if it blocked.
#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "coro/scheduler.hpp"

using boost::asio::buffer;
using boost::asio::ip::tcp;
using coro::Yield;

using Acceptor = boost::asio::basic_socket_acceptor<tcp, coro::Executor>;
using Connection = boost::asio::basic_stream_socket<tcp, coro::Executor>;

void echo(Connection connection, Yield yield) {
  std::array<char, 4096> data{};
  for (;;) {
    const auto [read_error, size] = connection.async_read_some(buffer(data), yield);
    if (read_error) return;  // the peer has closed its end: closing ours is the destructor's work
    const auto [write_error, sent] =
        boost::asio::async_write(connection, buffer(data, size), yield);
    if (write_error) return;
  }
}

void serve(Acceptor& acceptor, Yield yield) {
  for (;;) {
    auto [error, connection] = acceptor.async_accept(yield);
    if (error) return;
    auto session = [connection = std::move(connection)](Yield inside) mutable {
      echo(std::move(connection), inside);
    };
    const auto task = yield.scheduler().spawn("session", std::move(session));
    if (!task) std::fprintf(stderr, "%s\n", task.error().message().c_str());
  }
}

// ---- the rest tries it

std::string talk(const tcp::endpoint& server, const std::string& text, Yield yield) {
  Connection connection(yield.executor());
  if (const auto [error] = connection.async_connect(server, yield); error) return error.message();
  boost::asio::async_write(connection, buffer(text), yield);
  connection.shutdown(Connection::shutdown_send);
  std::string reply;
  boost::asio::async_read(connection, boost::asio::dynamic_buffer(reply), yield);  // until its end
  return reply;
}

int main() {
  coro::Scheduler scheduler;
  Acceptor acceptor(scheduler.executor(), {boost::asio::ip::address_v4::loopback(), 0});
  std::string reply;

  const coro::Task server =
      scheduler.spawn("server", [&](Yield yield) { serve(acceptor, yield); }).value();
  const auto client = [&](Yield yield) {
    reply = talk(acceptor.local_endpoint(), "hello, echo\n", yield);
    server.cancel();
  };
  scheduler.spawn("client", client).value();
  scheduler.run();

  std::fputs(reply.c_str(), stdout);
  return reply == "hello, echo\n" ? EXIT_SUCCESS : EXIT_FAILURE;
}
