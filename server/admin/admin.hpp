#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <functional>
#include <list>
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
  /// For a whole request to arrive and its response to leave, and for the next one to follow.
  static constexpr std::chrono::seconds timeout{5};

  /// With an `inherited` descriptor of a listening socket (inherited_sockets.hpp), that is where it
  /// listens, whatever the configuration asks for.
  Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status,
        std::optional<int> inherited);

  /// What listening as configured, instead of where it does, takes.
  struct Change {
    bool needed = false;
    std::optional<ListenAddress> address = {};  // none: inherited, or off
    std::optional<coro::Acceptor> bound = {};
    int socket = -1;  // that it will listen on
    coro::Task listener = {};
  };

  /// What it takes, names resolved. The error is one line.
  boost::system::result<Change, std::string> resolve(const Config& config, coro::Yield yield) const;

  /// The listening socket that the change closes, if it does; until a coroutine suspends.
  std::optional<int> ceding(const Change& change) const;

  /// Listens, without accepting yet; see listen() for `ceding`. If that cannot be then nothing has
  /// changed, and the reason is returned in one line.
  std::optional<std::string> bind(Change& change, const std::vector<int>& ceding) const;

  /// Accepts where it was bound. If that cannot be then nothing has changed, and the reason is
  /// returned in one line.
  std::optional<std::string> start(Change& change);

  /// Ends what was there before the change, and what the change has started if `keep` is false.
  void open(const Change& change, const Config& config, bool keep, coro::Yield yield);

  /// Ends all connections and waits until they have.
  void close(coro::Yield yield);

 private:
  class Place;

  void cancel();
  void accept(const coro::Descriptor& listening, const std::string& address, coro::Yield yield);
  coro::error_code accept_one(int listening);
  void serve(coro::Descriptor socket, coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetStatus get_status_;
  std::optional<int> inherited_;
  AdminConfig config_;
  int socket_ = -1;  // that it listens on, the listener's
  coro::Task listener_;
  std::list<coro::Task> connections_;
  coro::Condition ended_;
  Notice cannot_accept_;
};

}  // namespace server
