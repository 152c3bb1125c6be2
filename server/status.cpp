#include "server/status.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

auto microseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// "2 closed by client, 0 reset by client, ...": the refusals, or all other endings.
std::string listed(const Statistics& statistics, bool refusals) {
  std::string list;
  for_each_ending([&](Ending ending) {
    if (is_refusal(ending) != refusals) return;
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", statistics.count(ending),
                        to_string(ending));
  });
  return list;
}

}  // namespace

std::string to_log_line(const Status& status) {
  const Statistics& statistics = status.statistics;
  const LatencyHistogram& lag = status.scheduler_lag;
  return fmt::format(
      "uptime {} s; {} accepted, {} active, {} peak; refused: {}; ended: {}; {} bytes in, {} bytes "
      "out, {} reads; {} accept pauses, {} reloads, {} failed reloads; {} coroutines, {} stacks; "
      "{} log lines dropped; scheduler lag p50 {} us, p99 {} us, max {} us",
      status.uptime.count(), statistics.accepted, statistics.active, statistics.peak,
      listed(statistics, true), listed(statistics, false), statistics.bytes_received,
      statistics.bytes_sent, statistics.reads, statistics.accept_pauses, statistics.reloads,
      statistics.failed_reloads, status.coroutines.alive, status.coroutines.stacks,
      status.dropped_log_lines, microseconds(lag.quantile(0.5)), microseconds(lag.quantile(0.99)),
      microseconds(lag.maximum()));
}

std::string to_short_line(const Status& status) {
  const Statistics& statistics = status.statistics;
  std::uint64_t refused = 0;
  for_each_ending([&](Ending ending) {
    if (is_refusal(ending)) refused += statistics.count(ending);
  });
  return fmt::format(
      "{} active, {} accepted, {} refused, {} bytes in, {} bytes out, {} log lines dropped",
      statistics.active, statistics.accepted, refused, statistics.bytes_received,
      statistics.bytes_sent, status.dropped_log_lines);
}

std::string to_json(const Status& status) {
  const Statistics& statistics = status.statistics;
  nlohmann::ordered_json json = {
      {"version", COROECHO_VERSION},
      {"ready", status.ready},
      {"uptime_seconds", status.uptime.count()},
      {"connections",
       {{"accepted", statistics.accepted},
        {"active", statistics.active},
        {"peak", statistics.peak}}},
      {"bytes", {{"received", statistics.bytes_received}, {"sent", statistics.bytes_sent}}},
      {"reads", statistics.reads},
      {"accept_pauses", statistics.accept_pauses},
      {"coroutines",
       {{"alive", status.coroutines.alive},
        {"peak", status.coroutines.peak},
        {"spawned", status.coroutines.spawned},
        {"failed", status.coroutines.failed},
        {"stacks", status.coroutines.stacks}}},
      {"dropped_log_lines", status.dropped_log_lines},
      {"reloads", {{"done", statistics.reloads}, {"failed", statistics.failed_reloads}}},
      {"scheduler_lag_seconds",
       {{"p50", seconds(status.scheduler_lag.quantile(0.5))},
        {"p99", seconds(status.scheduler_lag.quantile(0.99))},
        {"max", seconds(status.scheduler_lag.maximum())},
        {"sum", seconds(status.scheduler_lag.sum())},
        {"count", status.scheduler_lag.total()}}}};
  for_each_ending([&](Ending ending) {
    json[is_refusal(ending) ? "refused" : "ended"][identifier(ending)] = statistics.count(ending);
  });
  return json.dump();
}

}  // namespace server
