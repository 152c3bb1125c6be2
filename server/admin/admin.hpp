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
#include "server/accept/listening.hpp"
#include "server/config/config.hpp"
#include "server/log/event_log.hpp"
#include "server/log/notice.hpp"
#include "server/status/status.hpp"

namespace server {

/// The admin endpoint: /metrics, /healthz, /readyz, /status and a live page over HTTP (GET and
/// HEAD), each connection in a coroutine on the scheduler that also echoes. It has no password, so
/// it belongs on an address that strangers do not reach.
class Admin {
 public:
  using GetStatus = std::function<Status()>;

  /// Connections at a time; further ones wait in the backlog.
  static constexpr std::size_t max_connections = 32;

  /// An `inherited` descriptor of a listening socket (inherited_sockets.hpp) is used instead of the
  /// configured address.
  Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status,
        std::optional<int> inherited);

  /// The steps from where the endpoint listens to where a configuration wants it.
  struct Change {
    bool needed = false;
    std::optional<ListenAddress> address = {};  ///< none: inherited, or off
    std::optional<coro::Acceptor> bound = {};
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

  /// Ends what was there before the change.
  void finish(const Change& change, const Config& config, coro::Yield yield);

  /// Ends all connections and waits until they have.
  void close(coro::Yield yield);

 private:
  void cancel();
  void accept(const coro::Descriptor& listening, const std::string& address, coro::Yield yield);
  coro::error_code accept_one(int listening);
  std::size_t open_connections();

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetStatus get_status_;
  std::optional<int> inherited_;
  AdminConfig config_;
  int socket_ = -1;  // the listener's, which owns it
  coro::Task listener_;
  std::vector<coro::Task> connections_;  // see open_connections()
  coro::Condition ended_;                // a connection has ended
  Notice cannot_accept_;
};

}  // namespace server
