#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coro/scheduler.hpp"
#include "program/histogram.hpp"
#include "server/status/history.hpp"
#include "server/status/statistics.hpp"

namespace server {

/// The limits in force; 0 = no limit.
struct Limits {
  std::size_t max_connections = 0;
  std::size_t max_connections_per_ip = 0;
  std::size_t accept_rate = 0;  ///< connections a second
  std::size_t udp_rate = 0;     ///< answers a second for each source network
};

/// Everything that is told about the service at one moment, gathered in one place so that the log,
/// the metrics and the status page say the same.
struct Status {
  const Statistics& statistics;
  const program::Histogram& scheduler_lag;
  const History& history;
  coro::Scheduler::Counters coroutines;
  std::uint64_t dropped_log_lines = 0;
  bool ready = false;
  Limits limits = {};
  bool full = false;                ///< limits.max_connections is reached
  std::size_t tls_connections = 0;  ///< open, those in their handshake included
  /// Until the certificate of TLS expires; none without TLS. Negative if it has.
  std::optional<std::chrono::seconds> certificate_left = {};
  std::chrono::milliseconds uptime{0};
};

/// Lines for the log, of which the first begins with "statistics: uptime 12 s; 3 accepted, ..." and
/// each other one with "statistics, ".
std::vector<std::string> to_log_lines(const Status& status);

/// A shorter one, for whoever asks the service manager: "2 active, 9 accepted, ...".
std::string to_short_line(const Status& status);

/// A JSON object, one line.
std::string to_json(const Status& status);

/// A JSON object with the milliseconds since the start of the service, the status, and the samples
/// of the history after that many milliseconds; see History::to_json.
std::string history_to_json(const Status& status, std::uint64_t after);

}  // namespace server
