#include "server/status/status.hpp"

#include <fmt/format.h>

#include <string_view>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

auto microseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// The refusals, or all other endings: each as `text`, with `separator` in between.
template <typename Text>
std::string listed(bool refusals, std::string_view separator, Text text) {
  std::string list;
  for_each_ending([&](Ending ending) {
    if (is_refusal(ending) != refusals) return;
    if (!list.empty()) list += separator;
    list += text(ending);
  });
  return list;
}

// "2 closed by client, 0 reset by client, ..."
std::string in_words(const Statistics& statistics, bool refusals) {
  return listed(refusals, ", ", [&](Ending ending) {
    return fmt::format("{} {}", statistics.count(ending), to_string(ending));
  });
}

// "closed_by_client":2,"reset_by_client":0,...
std::string in_json(const Statistics& statistics, bool refusals) {
  return listed(refusals, ",", [&](Ending ending) {
    return fmt::format("\"{}\":{}", identifier(ending), statistics.count(ending));
  });
}

// The refusals of datagrams, each as `text`, with `separator` in between.
template <typename Text>
std::string listed_for_udp(std::string_view separator, Text text) {
  std::string list;
  for_each_udp_refusal([&](UdpRefusal refusal) {
    if (!list.empty()) list += separator;
    list += text(refusal);
  });
  return list;
}

// "udp: 3 received, 2 answered, 96 bytes in, 64 bytes out; refused: 1 not allowed, ..."
std::string in_words(const UdpStatistics& udp) {
  return fmt::format("udp: {} received, {} answered, {} bytes in, {} bytes out; refused: {}",
                     udp.received, udp.answered, udp.bytes_received, udp.bytes_sent,
                     listed_for_udp(", ", [&](UdpRefusal refusal) {
                       return fmt::format("{} {}", udp.count(refusal), to_string(refusal));
                     }));
}

// {"received":3,...,"refused":{"not_allowed":1,...}}
std::string in_json(const UdpStatistics& udp) {
  return fmt::format(
      R"({{"received":{},"answered":{},"bytes":{{"received":{},"sent":{}}},"refused":{{{}}}}})",
      udp.received, udp.answered, udp.bytes_received, udp.bytes_sent,
      listed_for_udp(",", [&](UdpRefusal refusal) {
        return fmt::format("\"{}\":{}", identifier(refusal), udp.count(refusal));
      }));
}

auto whole_seconds(std::chrono::milliseconds duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

double days(std::chrono::seconds duration) {
  return std::chrono::duration<double, std::ratio<86400>>(duration).count();
}

}  // namespace

std::vector<std::string> to_log_lines(const Status& status) {
  const Statistics& statistics = status.statistics;
  const program::Histogram& lag = status.scheduler_lag;
  return {fmt::format("statistics: uptime {} s; {} accepted, {} active, {} peak",
                      whole_seconds(status.uptime), statistics.accepted, statistics.active,
                      statistics.peak),
          "statistics, refused: " + in_words(statistics, true),
          "statistics, ended: " + in_words(statistics, false),
          fmt::format("statistics, echo: {} bytes in, {} bytes out, {} reads",
                      statistics.bytes_received, statistics.bytes_sent, statistics.reads),
          "statistics, " + in_words(statistics.udp),
          fmt::format("statistics, service: {} accept pauses, {} reloads, {} failed reloads, {} "
                      "upgrades, {} failed upgrades, {} log lines dropped",
                      statistics.accept_pauses, statistics.reloads, statistics.failed_reloads,
                      statistics.upgrades, statistics.failed_upgrades, status.dropped_log_lines),
          fmt::format(
              "statistics, scheduler: {} coroutines, {} stacks; lag p50 {} us, p99 {} us, max {} "
              "us",
              status.coroutines.alive, status.coroutines.stacks, microseconds(lag.percentile(0.5)),
              microseconds(lag.percentile(0.99)), microseconds(lag.max()))};
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

// Not by nlohmann::json, whose destructors allocate: out of memory they end the process.
std::string to_json(const Status& status) {
  const Statistics& statistics = status.statistics;
  const program::Histogram& lag = status.scheduler_lag;
  return fmt::format(
      R"({{"version":"{}","ready":{},"uptime_seconds":{},)"
      R"("limits":{{"max_connections":{},"max_connections_per_ip":{},"accept_rate":{},)"
      R"("udp_rate":{}}},"full":{},"full_waits":{},"accept_rate_waits":{},)"
      R"("connections":{{"accepted":{},"active":{},"peak":{}}},)"
      R"("bytes":{{"received":{},"sent":{}}},"reads":{},"accept_pauses":{},)"
      R"("coroutines":{{"alive":{},"peak":{},"spawned":{},"failed":{},"stacks":{}}},)"
      R"("dropped_log_lines":{},"reloads":{{"done":{},"failed":{}}},)"
      R"("upgrades":{{"done":{},"failed":{}}},)"
      R"("scheduler_lag_seconds":{{"p50":{},"p99":{},"max":{},"sum":{},"count":{}}},)"
      R"("tls":{{"active":{},"handshakes":{},"failed_handshakes":{},"timed_out_handshakes":{},)"
      R"("certificate_days_left":{}}},)"
      R"("refused":{{{}}},"ended":{{{}}},"udp":{}}})",
      COROECHO_VERSION, status.ready, whole_seconds(status.uptime), status.limits.max_connections,
      status.limits.max_connections_per_ip, status.limits.accept_rate, status.limits.udp_rate,
      status.full, statistics.full_waits, statistics.accept_rate_waits, statistics.accepted,
      statistics.active, statistics.peak, statistics.bytes_received, statistics.bytes_sent,
      statistics.reads, statistics.accept_pauses, status.coroutines.alive, status.coroutines.peak,
      status.coroutines.spawned, status.coroutines.failed, status.coroutines.stacks,
      status.dropped_log_lines, statistics.reloads, statistics.failed_reloads, statistics.upgrades,
      statistics.failed_upgrades, seconds(lag.percentile(0.5)), seconds(lag.percentile(0.99)),
      seconds(lag.max()), seconds(lag.sum()), lag.count(), status.tls_connections,
      statistics.handshakes, statistics.failed_handshakes, statistics.timed_out_handshakes,
      status.certificate_left ? fmt::format("{:.2f}", days(*status.certificate_left)) : "null",
      in_json(statistics, true), in_json(statistics, false), in_json(statistics.udp));
}

std::string history_to_json(const Status& status, std::uint64_t after) {
  return fmt::format(R"({{"now":{},"status":{},{}}})", status.uptime.count(), to_json(status),
                     status.history.to_json(after));
}

}  // namespace server
