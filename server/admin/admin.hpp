#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"
#include "server/accept/listen_address.hpp"
#include "server/accept/listener_state.hpp"
#include "server/config/config.hpp"
#include "server/log/event_log.hpp"
#include "server/log/notice.hpp"
#include "server/status/status.hpp"

namespace server {

/// The admin endpoint: /metrics, /healthz, /readyz, /status, /history and a live page over HTTP
/// (GET and HEAD), each connection in a coroutine on the scheduler that also echoes. It has no
/// password, so it belongs on an address that strangers do not reach.
class Admin {
 public:
  using GetStatus = std::function<Status()>;

  /// Connections at a time; further ones wait in the backlog.
  static constexpr std::size_t max_connections = 32;

  /// An `inherited` descriptor of a listening socket (inherited_sockets.hpp) is used instead of the
  /// configured address. `lost_it` is notified when the endpoint has lost its socket.
  Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status, coro::Condition& lost_it,
        std::optional<int> inherited);

  /// The steps from where the endpoint listens to where a configuration wants it.
  struct Change {
    bool needed = false;
    std::optional<ListenAddress> address = {};  ///< none: inherited, or off
    coro::Descriptor bound = {};
    int socket = -1;  ///< it will listen on this one
    coro::Task listener = {};
  };

  /// Resolves names. Throws ConfigError.
  Change resolve(const Config& config, coro::Yield yield) const;

  /// The listening socket that the change closes, if it does; until a coroutine suspends.
  std::optional<int> ceding(const Change& change) const;

  /// Listens, without accepting yet; see listen() for `ceding`. Throws ConfigError: nothing has
  /// changed then.
  void bind(Change& change, const std::vector<int>& ceding) const;

  /// Accepts on the bound socket. Throws boost::system::system_error: nothing has changed then.
  void start(Change& change);

  /// Ends what was there before the change, with the connections that it has accepted.
  void finish(const Change& change, const Config& config, coro::Yield yield);

  /// Whether it is on.
  bool listens() const { return !listener_.done(); }
  /// Whether the socket was shut down, which a change to the same address replaces.
  bool lost() const { return !inherits_ && config_.port && listener_.done(); }

  /// All that another program needs to go on listening; none if the endpoint is off or was lost.
  std::optional<AdminState> state() const;

  /// Goes on where another program has stopped, and takes over the state's descriptor. An error is
  /// logged, and the next change listens anew.
  void adopt(const AdminState& state);

  /// Suspends until no request is being answered, or the caller is cancelled. Connections that wait
  /// for their next request do not count: HTTP lets a server close them (RFC 9112, section 9.3).
  coro::error_code wait_until_idle(coro::Yield yield);

  /// Ends all connections and waits until they have.
  void close(coro::Yield yield);

 private:
  struct Connection {
    int listening;  // the socket that has accepted it
    coro::Task task;
  };

  coro::Task accept_on(coro::Descriptor socket);
  void accept(const coro::Descriptor& listening, const std::string& address, coro::Yield yield);
  coro::error_code accept_one(int listening);
  std::size_t open_connections();

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetStatus get_status_;
  bool inherits_;                 // for as long as it lives
  std::optional<int> inherited_;  // until it listens on it
  AdminConfig config_;
  int socket_ = -1;  // the listener's, which owns it
  coro::Task listener_;
  std::vector<Connection> connections_;  // see open_connections()
  std::size_t idle_ = 0;                 // connections that wait for a request
  coro::Condition changed_;              // a connection has become idle, or has ended
  coro::Condition& lost_it_;
  Notice cannot_accept_;
};

}  // namespace server
