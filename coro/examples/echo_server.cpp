// An echo server: a coroutine for each client, all on one thread. Each reads as if it blocked;
// while it waits, the others run. Ctrl-C ends it.
//
//   echo_server [PORT]      without a port, it takes a free one and prints which
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "coro/stack_overflow.hpp"
#include "coro/stream.hpp"

using boost::asio::buffer;
using boost::asio::ip::tcp;
using coro::Yield;
using Acceptor = boost::asio::basic_socket_acceptor<tcp, coro::Executor>;

void echo(coro::Stream& stream, Yield yield) {
  std::array<char, 4096> data{};
  for (;;) {
    const auto [error, size] = stream.read_some(buffer(data), yield);
    if (error) return;  // the client has gone: the destructor closes the connection
    if (write_all(stream, buffer(data, size), yield)) return;
  }
}

void serve(Acceptor& acceptor, Yield yield) {
  for (;;) {
    auto [error, socket] = acceptor.async_accept(yield);
    if (error) return;
    const auto client = yield.scheduler().spawn(
        "client", [connection = coro::Descriptor(socket.release())](Yield inside) mutable {
          coro::Stream stream(inside.scheduler(), std::move(connection));
          echo(stream, inside);
        });
    if (!client) std::fprintf(stderr, "%s\n", client.error().message().c_str());
  }
}

int main(int argc, char** argv) {
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
  coro::report_stack_overflow();
  coro::Scheduler scheduler;
  coro::Signals signals(scheduler, {SIGINT, SIGTERM});
  Acceptor acceptor(scheduler.executor(), {boost::asio::ip::address_v4::loopback(), port});
  std::printf("listening on port %d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);

  const auto server =
      scheduler.spawn("server", [&](Yield yield) { serve(acceptor, yield); }).value();
  const auto until_signal = [&](Yield yield) {
    if (signals.wait(yield)) server.cancel();
  };
  scheduler.spawn("until signal", until_signal).value();
  scheduler.run();  // returns when no coroutine is left: the clients in progress are served
}
