#include "client/connection.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "client/readiness.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::error_code;
namespace error = boost::asio::error;

// A name being looked up, on a thread of its own.
struct Lookup {
  explicit Lookup(int event) : done(event) {}
  ~Lookup() { ::close(done); }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  Lookup(Lookup&&) = delete;
  Lookup& operator=(Lookup&&) = delete;

  int done;  // an eventfd(2), readable when the rest is there
  error_code failed = boost::asio::error::timed_out;
  Addresses addresses;
};

void look_up(Lookup& lookup, const Target& target) {
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  const auto results = resolver.resolve(target.host, target.port, lookup.failed);
  for (const auto& entry : results)
    lookup.addresses.push_back(entry.endpoint());
  ::eventfd_write(lookup.done, 1);
}

// Without a server, two ends that connect to the same port of this machine at once become
// connected, and so may a socket with itself: it would echo perfectly.
bool is_connected_to_itself(const coro::Socket& socket) {
  error_code ignored;
  return socket.local_endpoint(ignored) == socket.remote_endpoint(ignored);
}

boost::system::result<Connection> connect(coro::Yield yield, const tcp::endpoint& peer,
                                          coro::Clock::duration limit) {
  Connection connection{coro::Socket(yield.executor()), peer};
  auto& socket = connection.socket;
  const auto started = coro::Clock::now();
  const coro::TimeLimit time(yield, limit);
  const auto [failed] = socket.async_connect(peer, yield);
  if (time.expired()) return error_code(error::timed_out);
  if (failed) return failed;
  if (is_connected_to_itself(socket)) return error_code(error::connection_refused);
  connection.took = coro::Clock::now() - started;
  error_code ignored;  // an echo can do without
  socket.set_option(tcp::no_delay(true), ignored);
  return connection;
}

// The header of version 2 that tells no address (LOCAL): a load balancer's own connection. It is
// no part of the echo.
constexpr std::string_view local_proxy_header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);

// A new connection takes so little at once. If it is broken already, the first echo will tell.
void send_proxy_header(coro::Socket& socket) {
  error_code ignored;
  socket.write_some(boost::asio::buffer(local_proxy_header), ignored);
}

}  // namespace

boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit) {
  // getaddrinfo(3) cannot be interrupted. Asio's asynchronous resolver would keep the process from
  // ending until it returns; this thread is left behind.
  const int event = ::eventfd(0, EFD_CLOEXEC);
  if (event < 0) return error_code(errno, boost::system::system_category());
  const auto lookup = std::make_shared<Lookup>(event);
  std::thread([lookup, target] { look_up(*lookup, target); }).detach();
  Readiness done(yield.executor(), event, Readiness::For::reading);
  const coro::TimeLimit time(yield, limit);
  if (const auto interrupted = done.wait(yield)) {
    return time.expired() ? error_code(error::timed_out) : interrupted;
  }
  if (lookup->failed) return lookup->failed;
  return lookup->addresses;
}

boost::system::result<Connection> connect(coro::Yield yield, const Target& target,
                                          const Addresses& addresses, coro::Clock::duration limit) {
  const auto deadline = coro::Clock::now() + limit;
  error_code last = error::host_not_found;
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    auto connection = connect(yield, address, (deadline - coro::Clock::now()) / left--);
    if (connection && target.proxied) send_proxy_header(connection->socket);
    if (connection) return connection;
    last = connection.error();
    if (last == error::operation_aborted) break;
  }
  return last;
}

boost::system::result<Connection> connect(coro::Yield yield, const Target& target,
                                          coro::Clock::duration limit) {
  const auto deadline = coro::Clock::now() + limit;
  const auto addresses = resolve(yield, target, limit);
  if (!addresses) return addresses.error();
  return connect(yield, target, *addresses, deadline - coro::Clock::now());
}

}  // namespace client
