#include "client/connection.hpp"

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <utility>

#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::error_code;
namespace error = boost::asio::error;

struct Lookup {
  error_code error = boost::asio::error::timed_out;
  Addresses addresses;
};

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

}  // namespace

boost::system::result<Addresses> resolve(coro::Yield yield, const Target& target,
                                         coro::Clock::duration limit) {
  // Asio resolves on a thread and cannot be interrupted: only the waiting for it has a limit.
  const auto lookup = std::make_shared<Lookup>();
  const auto task = yield.scheduler().spawn("resolve", [lookup, target](coro::Yield inner) {
    coro::TcpResolver resolver(inner.executor());
    auto [failed, results] = resolver.async_resolve(target.host, target.port, inner);
    lookup->error = failed;
    for (const auto& entry : results)
      lookup->addresses.push_back(entry.endpoint());
  });
  if (!task) return task.error();
  const coro::TimeLimit time(yield, limit);
  const auto interrupted = task->join(yield);
  if (interrupted && !time.expired()) return interrupted;
  if (lookup->error) return lookup->error;
  return lookup->addresses;
}

boost::system::result<Connection> connect(coro::Yield yield, const Addresses& addresses,
                                          coro::Clock::duration limit) {
  const auto deadline = coro::Clock::now() + limit;
  error_code last = error::host_not_found;
  auto left = static_cast<int>(addresses.size());
  for (const auto& address : addresses) {
    auto connection = connect(yield, address, (deadline - coro::Clock::now()) / left--);
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
  return connect(yield, *addresses, deadline - coro::Clock::now());
}

}  // namespace client
