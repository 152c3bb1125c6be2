#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "coro/scheduler.hpp"
#include "program/histogram.hpp"
#include "server/accept/listener_state.hpp"
#include "server/log/log_state.hpp"
#include "server/process/service_environment.hpp"
#include "server/session/session_state.hpp"
#include "server/status/statistics.hpp"

namespace server {

/// The whole service at one moment, as the program that is executed next in this process needs it
/// to go on. All descriptors that it names stay open across execve(2), all others are closed.
struct State {
  std::vector<SessionState> sessions = {};
  std::vector<ListenerState> listeners = {};
  std::vector<ListenerState> udp_sockets = {};
  std::optional<AdminState> admin = {};
  ServiceEnvironment environment = {};  ///< of the service manager
  std::optional<int> pid_file = {};     ///< its descriptor, which holds the lock
  std::uint64_t last_number = 0;        ///< of a client
  Statistics statistics = {};
  program::Histogram lag = {};
  coro::Scheduler::Counters coroutines = {};  ///< since the start, not only of this program
  LogState log = {};
  bool reload_asked = false;   ///< by a signal that came meanwhile
  bool upgrade_asked = false;  ///< once more
};

}  // namespace server
