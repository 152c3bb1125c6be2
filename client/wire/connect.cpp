#include "client/wire/connect.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "client/wire/dscp.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/local_socket.hpp"
#include "coro/condition.hpp"
#include "coro/error.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::tcp;
using coro::Clock;
using coro::error_code;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto head_start = 250ms;  // RFC 8305, section 8: the Connection Attempt Delay

// A second connect(2) says how the first has gone; over loopback that is known at once.
error_code try_to_connect(int socket, const tcp::endpoint& peer) {
  const auto begin_or_ask = [&] {
    return ::connect(socket, peer.data(), static_cast<socklen_t>(peer.size())) == 0;
  };
  if (begin_or_ask() || (errno == EINPROGRESS && begin_or_ask())) return {};
  return coro::last_error();
}

// How this end of a connection is made.
struct LocalEnd {
  std::optional<address> source;  // for the peers of its family
  std::optional<unsigned> dscp;
};

error_code prepare(const LocalEnd& local, const address& peer, int socket) {
  if (const auto error = set_dscp(socket, peer, local.dscp)) return error;
  const bool is_of_its_family = local.source && local.source->is_v4() == peer.is_v4();
  return is_of_its_family ? bind_to(*local.source, socket) : error_code();
}

// The address by getsockname(2) or getpeername(2).
tcp::endpoint address_by(int (*ask)(int, sockaddr*, socklen_t*), int socket) {
  tcp::endpoint address;
  auto size = static_cast<socklen_t>(address.capacity());
  if (ask(socket, address.data(), &size) != 0) return {};
  address.resize(size);
  return address;
}

// A socket of an address that has answered.
struct Connected {
  coro::Descriptor socket;
  tcp::endpoint peer;
  Clock::duration took{};
};

// One address being tried.
class Attempt {
 public:
  // Goes as far as it goes at once.
  Attempt(const tcp::endpoint& peer, const LocalEnd& local)
      : connected_{
            coro::Descriptor(::socket(peer.protocol().family(),
                                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)),
            peer} {
    if (socket() < 0)
      state_ = coro::last_error();
    else
      state_ = prepare(local, peer.address(), socket());
    if (!state_) go_on();
  }

  bool is_under_way() const { return state_ == error::already_started; }

  // Until that has changed.
  void wait(Clock::duration limit, Yield yield) {
    coro::Readiness readiness(yield.scheduler(), socket());
    const coro::TimeLimit time(yield, limit);
    const auto interrupted = readiness.wait_writable(yield);
    if (interrupted && !time.expired()) {
      state_ = interrupted;
      return;
    }
    go_on();  // also when it is late: after a pause of the whole process it may have succeeded
    if (is_under_way()) state_ = error::timed_out;
  }

  boost::system::result<Connected> result() && {
    if (!state_ && is_connected_to_itself(socket(), connected_.peer.port()))
      state_ = error::connection_refused;
    if (state_) return state_;
    const int on = 1;  // an echo can do without
    ::setsockopt(socket(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return std::move(connected_);
  }

 private:
  int socket() const { return connected_.socket.number(); }

  void go_on() {
    state_ = try_to_connect(socket(), connected_.peer);
    connected_.took = Clock::now() - started_;
  }

  Connected connected_;
  Clock::time_point started_ = Clock::now();
  error_code state_;  // already_started: under way; none: connected
};

// The addresses of one target. Shared with the coroutines of the attempts, which may end after it
// is decided.
struct Race {
  void came_in(boost::system::result<Connected> result) {
    if (result) {
      winner = std::move(*result);
    } else {
      ++failures;
      const bool says_less = classify(result.error()) == FailureClass::local;
      if (failures == 1 || !says_less) last_failure = result.error();
    }
    changed.notify_all();
  }

  std::optional<Connected> winner;
  std::size_t started = 0;
  std::size_t failures = 0;
  error_code last_failure = error::host_not_found;
  coro::Condition changed;
};

std::optional<coro::Task> start(const std::shared_ptr<Race>& race, const tcp::endpoint& peer,
                                const LocalEnd& local, Clock::time_point deadline, Yield yield) {
  ++race->started;
  auto attempt = std::make_unique<Attempt>(peer, local);
  if (!attempt->is_under_way()) {
    race->came_in(std::move(*attempt).result());
    return std::nullopt;
  }
  auto task = yield.scheduler().spawn("connect",
                                      [race, deadline, attempt = std::move(attempt)](Yield inner) {
                                        attempt->wait(deadline - Clock::now(), inner);
                                        race->came_in(std::move(*attempt).result());
                                      });
  if (task) return *task;
  race->came_in(task.error());
  return std::nullopt;
}

// Each family keeps its order, and the one of the first address begins.
Addresses families_in_turn(const Addresses& addresses) {
  Addresses first;
  Addresses other;
  for (const auto& each : addresses)
    (each.protocol() == addresses.front().protocol() ? first : other).push_back(each);
  Addresses in_turn;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    for (const auto* family : {&first, &other})
      if (i < family->size()) in_turn.push_back((*family)[i]);
  }
  return in_turn;
}

boost::system::result<Connected> race(Yield yield, const Addresses& addresses,
                                      Clock::time_point deadline, const LocalEnd& local) {
  const auto race = std::make_shared<Race>();
  std::vector<coro::Task> tasks;
  error_code interrupted;
  for (const auto& peer : families_in_turn(addresses)) {
    const auto failures = race->failures;
    if (const auto task = start(race, peer, local, deadline, yield)) tasks.push_back(*task);
    const coro::TimeLimit time(yield, head_start);
    interrupted =
        race->changed.wait(yield, [&] { return race->winner || race->failures > failures; });
    if (time.expired()) interrupted = {};
    if (race->winner || interrupted) break;
  }
  if (!interrupted) {
    interrupted =
        race->changed.wait(yield, [&] { return race->winner || race->failures == race->started; });
  }
  for (const auto& task : tasks)
    task.cancel();
  if (race->winner) return *std::exchange(race->winner, std::nullopt);
  return interrupted ? interrupted : race->last_failure;
}

boost::system::result<Connected> connect_to_one(Yield yield, const tcp::endpoint& peer,
                                                Clock::duration limit, const LocalEnd& local) {
  Attempt attempt(peer, local);
  if (attempt.is_under_way()) attempt.wait(limit, yield);
  return std::move(attempt).result();
}

boost::system::result<Connected> connect_locally(Yield yield, const std::string& path,
                                                 Clock::duration limit) {
  const auto started = Clock::now();
  auto socket = connect_to_path(yield, path, limit);
  if (!socket) return socket.error();
  return Connected{std::move(*socket), {}, Clock::now() - started};
}

// The header of version 2 that tells no address (LOCAL): a load balancer's own connection. It is
// no part of the echo.
constexpr std::string_view local_proxy_header("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);

// A new connection takes so little at once.
error_code send_proxy_header(int socket) {
  const auto sent =
      ::send(socket, local_proxy_header.data(), local_proxy_header.size(), MSG_NOSIGNAL);
  return sent < 0 ? coro::last_error() : error_code();
}

}  // namespace

bool is_connected_to_itself(int socket, std::uint16_t peer_port) {
  const auto own = address_by(::getsockname, socket);
  return own.port() == peer_port && own == address_by(::getpeername, socket);
}

boost::system::result<std::unique_ptr<Connection>> connect(Yield yield, const Target& target,
                                                           const Addresses& addresses,
                                                           Clock::duration limit,
                                                           const std::optional<address>& source) {
  const auto deadline = Clock::now() + limit;
  const LocalEnd local{target.source ? target.source : source, target.dscp};
  auto connected = target.is_local()       ? connect_locally(yield, target.path, limit)
                   : addresses.size() == 1 ? connect_to_one(yield, addresses.front(), limit, local)
                                           : race(yield, addresses, deadline, local);
  if (!connected) return connected.error();
  if (target.proxied) {
    if (const auto error = send_proxy_header(connected->socket.number())) return error;
  }
  auto connection = std::make_unique<Connection>(
      yield.scheduler(), std::move(connected->socket),
      ConnectionFacts{
          .peer = connected->peer, .connect_time = connected->took, .path = target.path});
  if (target.tls) {
    const auto left = deadline - Clock::now();
    if (const auto error = connection->shake_hands(*target.tls, left, yield)) return error;
  }
  return connection;
}

// The port is chosen when the peer is known: the same one serves for others.
error_code bind_to(const address& source, int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const tcp::endpoint own(source, 0);
  if (::bind(socket, own.data(), static_cast<socklen_t>(own.size())) != 0)
    return coro::last_error();
  return {};
}

boost::system::result<std::unique_ptr<Connection>> connect(Yield yield, const Target& target,
                                                           Clock::duration limit) {
  const auto deadline = Clock::now() + limit;
  if (target.is_local()) return connect(yield, target, Addresses(), limit);
  const auto addresses = resolve(yield, target, limit);
  if (!addresses) return addresses.error();
  return connect(yield, target, *addresses, deadline - Clock::now());
}

}  // namespace client
