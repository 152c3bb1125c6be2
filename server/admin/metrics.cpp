#include "server/admin/metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void add_header(std::string& page, std::string_view name, std::string_view type,
                std::string_view help) {
  fmt::format_to(std::back_inserter(page), "# HELP coroecho_{0} {1}\n# TYPE coroecho_{0} {2}\n",
                 name, help, type);
}

template <typename Value>
void add_sample(std::string& page, std::string_view name, std::string_view labels, Value value) {
  fmt::format_to(std::back_inserter(page), "coroecho_{}{} {}\n", name, labels, value);
}

// The name of a counter ends in _total.
void add(std::string& page, std::string_view name, std::string_view help, std::uint64_t value) {
  add_header(page, name, name.ends_with("_total") ? "counter" : "gauge", help);
  add_sample(page, name, "", value);
}

void add_histogram(std::string& page, const std::string& name, std::string_view help,
                   const program::Histogram& counted) {
  add_header(page, name, "histogram", help);
  const auto buckets = counted.buckets();
  auto bucket = buckets.begin();
  std::uint64_t below = 0;
  // A time that is a bound to the nanosecond counts above it.
  for (std::chrono::microseconds bound(1); bound < std::chrono::seconds(5); bound *= 2) {
    for (; bucket != buckets.end() && bucket->to <= bound; ++bucket)
      below += bucket->count;
    add_sample(page, name + "_bucket", fmt::format("{{le=\"{}\"}}", seconds(bound)), below);
  }
  add_sample(page, name + "_bucket", "{le=\"+Inf\"}", counted.count());
  add_sample(page, name + "_sum", "", seconds(counted.sum()));
  add_sample(page, name + "_count", "", counted.count());
}

void add_endings(std::string& page, std::string_view name, std::string_view help,
                 const Statistics& statistics, bool refusals) {
  add_header(page, name, "counter", help);
  for_each_ending([&](Ending ending) {
    if (is_refusal(ending) != refusals) return;
    add_sample(page, name, fmt::format("{{reason=\"{}\"}}", identifier(ending)),
               statistics.count(ending));
  });
}

void add_connections(std::string& page, const Statistics& statistics) {
  add(page, "connections_accepted_total", "Connections accepted.", statistics.accepted);
  add(page, "connections_active", "Connections that are open.", statistics.active);
  add(page, "connections_peak", "The most connections that were open at a time.", statistics.peak);
  add_endings(page, "connections_refused_total",
              "Connections turned away before their first echo, by reason.", statistics, true);
  add_endings(page, "connections_ended_total", "Other connections that ended, by reason.",
              statistics, false);
  add(page, "accept_pauses_total", "Times that accepting paused for want of descriptors or memory.",
      statistics.accept_pauses);
  add(page, "received_bytes_total", "Bytes received from clients.", statistics.bytes_received);
  add(page, "sent_bytes_total", "Bytes sent back to clients.", statistics.bytes_sent);
  add(page, "reads_total", "Reads that brought bytes.", statistics.reads);
}

void add_udp(std::string& page, const UdpStatistics& udp) {
  add(page, "udp_datagrams_received_total", "Datagrams received.", udp.received);
  add(page, "udp_datagrams_answered_total", "Datagrams answered.", udp.answered);
  add_header(page, "udp_datagrams_refused_total", "counter", "Datagrams not answered, by reason.");
  for_each_udp_refusal([&](UdpRefusal refusal) {
    add_sample(page, "udp_datagrams_refused_total",
               fmt::format("{{reason=\"{}\"}}", identifier(refusal)), udp.count(refusal));
  });
  add(page, "udp_received_bytes_total", "Bytes of payload received in datagrams.",
      udp.bytes_received);
  add(page, "udp_sent_bytes_total", "Bytes of payload sent back in datagrams.", udp.bytes_sent);
}

void add_tls(std::string& page, const Status& status) {
  constexpr std::string_view name = "tls_handshakes_total";
  add_header(page, name, "counter", "TLS handshakes, by result.");
  add_sample(page, name, "{result=\"succeeded\"}", status.statistics.handshakes);
  add_sample(page, name, "{result=\"failed\"}", status.statistics.failed_handshakes);
  add_sample(page, name, "{result=\"timed_out\"}", status.statistics.timed_out_handshakes);
  if (!status.certificate_left) return;
  constexpr std::string_view left = "tls_certificate_days_left";
  add_header(page, left, "gauge", "Days until the certificate expires.");
  add_sample(page, left, "", seconds(*status.certificate_left) / 86400);
}

void add_upgrades(std::string& page, const Statistics& statistics) {
  constexpr std::string_view name = "upgrades_total";
  add_header(page, name, "counter", "Executions of another program in this process, by result.");
  add_sample(page, name, "{result=\"succeeded\"}", statistics.upgrades);
  add_sample(page, name, "{result=\"failed\"}", statistics.failed_upgrades);
}

void add_coroutines(std::string& page, const coro::Scheduler::Counters& coroutines) {
  add(page, "coroutines_active", "Coroutines that are alive.", coroutines.alive);
  add(page, "coroutines_spawned_total", "Coroutines spawned.", coroutines.spawned);
  add(page, "coroutines_failed_total", "Coroutines ended by an exception.", coroutines.failed);
  add(page, "coroutine_stacks", "Stacks that exist, in use or free.", coroutines.stacks);
}

}  // namespace

std::string to_prometheus(const Status& status) {
  std::string page;
  add_header(page, "build_info", "gauge", "Always 1; its label tells the version.");
  add_sample(page, "build_info", "{version=\"" COROECHO_VERSION "\"}", 1);
  add(page, "uptime_seconds", "Time since the service started.",
      static_cast<std::uint64_t>(status.uptime.count()));
  add(page, "ready", "1 while the service accepts connections and is not draining.",
      status.ready ? 1 : 0);
  add_connections(page, status.statistics);
  add_udp(page, status.statistics.udp);
  add_tls(page, status);
  add_coroutines(page, status.coroutines);
  add(page, "log_lines_dropped_total", "Log lines that their destination did not take.",
      status.dropped_log_lines);
  add(page, "reloads_total", "Configurations put in force since the start.",
      status.statistics.reloads);
  add(page, "reloads_failed_total", "Configurations refused since the start.",
      status.statistics.failed_reloads);
  add_upgrades(page, status.statistics);
  add_histogram(page, "scheduler_lag_seconds", "How late a timer fires that is due.",
                status.scheduler_lag);
  return page;
}

}  // namespace server
