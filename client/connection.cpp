#include "client/connection.hpp"

#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "coro/error.hpp"
#include "coro/readiness.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::error_code;
namespace error = boost::asio::error;

// A name being looked up, on a thread of its own.
struct Lookup {
  explicit Lookup(coro::Descriptor event) : done(std::move(event)) {}

  coro::Descriptor done;  // an eventfd(2), readable when the rest is there
  error_code failed;
  Addresses addresses;
};

void look_up(Lookup& lookup, const Target& target) {
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  const auto results = resolver.resolve(target.host, target.port, lookup.failed);
  for (const auto& entry : results)
    lookup.addresses.push_back(entry.endpoint());
  ::eventfd_write(lookup.done.number(), 1);
}

// A second connect(2) says how the first has gone; over loopback that is known at once.
error_code try_to_connect(int socket, const tcp::endpoint& peer) {
  const auto begin_or_ask = [&] {
    return ::connect(socket, peer.data(), static_cast<socklen_t>(peer.size())) == 0;
  };
  if (begin_or_ask() || (errno == EINPROGRESS && begin_or_ask())) return {};
  return coro::last_error();
}

error_code establish(int socket, const tcp::endpoint& peer, coro::Clock::duration limit,
                     coro::Yield yield) {
  const auto at_once = try_to_connect(socket, peer);
  if (at_once != error::already_started) return at_once;
  coro::Readiness readiness(yield.scheduler(), socket);
  const coro::TimeLimit time(yield, limit);
  const auto interrupted = readiness.wait_writable(yield);
  if (time.expired()) return error::timed_out;
  return interrupted ? interrupted : try_to_connect(socket, peer);
}

// What getsockname(2) or getpeername(2) says.
tcp::endpoint address_by(int (*ask)(int, sockaddr*, socklen_t*), int socket) {
  tcp::endpoint address;
  auto size = static_cast<socklen_t>(address.capacity());
  if (ask(socket, address.data(), &size) != 0) return {};
  address.resize(size);
  return address;
}

// Without a server, two ends that connect to the same port of this machine at once become
// connected, and so may a socket with itself: it would echo perfectly.
bool is_connected_to_itself(int socket, const tcp::endpoint& peer) {
  const auto own = address_by(::getsockname, socket);
  return own.port() == peer.port() && own == address_by(::getpeername, socket);
}

boost::system::result<Connection> connect(coro::Yield yield, const tcp::endpoint& peer,
                                          coro::Clock::duration limit) {
  Connection connection{
      coro::Descriptor(::socket(peer.protocol().family(),
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)),
      peer};
  const int socket = connection.socket.number();
  if (socket < 0) return coro::last_error();
  const auto started = coro::Clock::now();
  if (const auto failed = establish(socket, peer, limit, yield)) return failed;
  if (is_connected_to_itself(socket, peer)) return error_code(error::connection_refused);
  connection.took = coro::Clock::now() - started;
  const int on = 1;  // an echo can do without
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connection;
}

// The header of version 2 that tells no address (LOCAL): a load balancer's own connection. It is
// no part of the echo.
constexpr std::string_view local_proxy_header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);

// A new connection takes so little at once. If it is broken already, the first echo will tell.
void send_proxy_header(int socket) {
  static_cast<void>(
      ::send(socket, local_proxy_header.data(), local_proxy_header.size(), MSG_NOSIGNAL));
}

}  // namespace

boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit) {
  // getaddrinfo(3) cannot be interrupted. Asio's asynchronous resolver would keep the process from
  // ending until it returns; this thread is left behind.
  const auto lookup = std::make_shared<Lookup>(coro::Descriptor(::eventfd(0, EFD_CLOEXEC)));
  const int event = lookup->done.number();
  if (event < 0) return coro::last_error();
  std::thread([lookup, target] { look_up(*lookup, target); }).detach();
  coro::Readiness done(yield.scheduler(), event);
  const coro::TimeLimit time(yield, limit);
  if (const auto interrupted = done.wait_readable(yield)) {
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
    if (connection && target.proxied) send_proxy_header(connection->socket.number());
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
