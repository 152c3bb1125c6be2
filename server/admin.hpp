#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "coro/condition.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"
#include "server/config.hpp"
#include "server/event_log.hpp"
#include "server/status.hpp"

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

  /// Listens as configured, instead of where it did; does not if the port is off. If it cannot,
  /// then nothing changes, and the reason is returned in one line.
  std::optional<std::string> open(const Config& config, coro::Yield yield);

  /// Ends all connections and waits until they have.
  void close(coro::Yield yield);

 private:
  void listen(coro::Acceptor acceptor, const char* remark);
  void accept(coro::Acceptor& acceptor, coro::Yield yield);
  void serve(coro::Socket socket, coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetStatus get_status_;
  std::optional<int> inherited_;
  AdminConfig config_;
  coro::Task listener_;
  std::list<coro::Task> connections_;
  coro::Condition ended_;
};

}  // namespace server
