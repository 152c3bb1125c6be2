// An interactive echo client: it sends each line of the standard input and prints the line that
// comes back.
//
//   echo_client PORT
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "coro/scheduler.hpp"

using boost::asio::buffer;
using boost::asio::ip::tcp;
using coro::Yield;
using Connection = boost::asio::basic_stream_socket<tcp, coro::Executor>;

// Returns the line that comes back, or the reason why none does.
boost::system::result<std::string> echo_of(const std::string& line, Connection& connection,
                                           Yield yield) {
  if (const auto [error, size] = async_write(connection, buffer(line), yield); error) return error;
  std::string reply;
  const auto [error, size] =
      async_read_until(connection, boost::asio::dynamic_buffer(reply), '\n', yield);
  if (error) return error;
  return reply;
}

int converse(unsigned short port, Yield yield) {
  Connection connection(yield.executor());
  const tcp::endpoint server(boost::asio::ip::address_v4::loopback(), port);
  if (const auto [error] = connection.async_connect(server, yield); error) {
    std::fprintf(stderr, "cannot connect: %s\n", error.message().c_str());
    return EXIT_FAILURE;
  }
  for (std::string line; std::getline(std::cin, line);) {  // this program has nothing else to do
    const auto reply = echo_of(line + '\n', connection, yield);
    if (!reply) {
      std::fprintf(stderr, "no echo: %s\n", reply.error().message().c_str());
      return EXIT_FAILURE;
    }
    std::printf("received: %s", reply->c_str());
  }
  return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 0);
  int result = EXIT_FAILURE;
  coro::Scheduler scheduler;
  scheduler.spawn("client", [&](Yield yield) { result = converse(port, yield); }).value();
  scheduler.run();
  return result;
}
