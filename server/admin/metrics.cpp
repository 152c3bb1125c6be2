#include "server/admin/metrics.hpp"

#include <fmt/format.h>

#include <boost/version.hpp>
#include <iterator>
#include <string_view>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void add_header(std::string& page, std::string_view name, std::string_view type,
                std::string_view help) {
  fmt::format_to(std::back_inserter(page), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

template <typename Value>
void add_sample(std::string& page, std::string_view name, std::string_view labels, Value value) {
  fmt::format_to(std::back_inserter(page), "{}{} {}\n", name, labels, value);
}

// The name of a counter ends in _total.
template <typename Value>
void add(std::string& page, std::string_view name, std::string_view help, Value value) {
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

void add_build_info(std::string& page) {
  constexpr std::string_view name = "coroecho_build_info";
  add_header(page, name, "gauge", "Always 1; its labels have the versions.");
  add_sample(page, name,
             "{version=\"" COROECHO_VERSION "\",boost=\"" BOOST_LIB_VERSION
             "\",compiler=\"" __VERSION__ "\"}",
             1);
}

void add_limits(std::string& page, const Limits& limits) {
  add(page, "coroecho_connections_limit", "limits.max_connections, 0 = no limit.",
      limits.max_connections);
  add(page, "coroecho_connections_per_ip_limit", "limits.max_connections_per_ip, 0 = no limit.",
      limits.max_connections_per_ip);
  add(page, "coroecho_accept_rate_limit",
      "limits.accept_rate, connections accepted a second, 0 = no limit.", limits.accept_rate);
  add(page, "coroecho_udp_rate_limit",
      "udp.rate, answers a second for each source network, 0 = no limit.", limits.udp_rate);
}

void add_connections(std::string& page, const Status& status) {
  const Statistics& statistics = status.statistics;
  add(page, "coroecho_connections_accepted_total", "Connections accepted.", statistics.accepted);
  add(page, "coroecho_connections_active", "Connections that are open.", statistics.active);
  add(page, "coroecho_connections_peak", "The most connections that were open at a time.",
      statistics.peak);
  add_endings(page, "coroecho_connections_refused_total",
              "Connections turned away before their first echo, by reason.", statistics, true);
  add_endings(page, "coroecho_connections_ended_total", "Other connections that ended, by reason.",
              statistics, false);
  add(page, "coroecho_full", "1 while limits.max_connections is reached.", status.full ? 1 : 0);
  add(page, "coroecho_full_waits_total",
      "Times that clients waited because limits.max_connections was reached.",
      statistics.full_waits);
  add(page, "coroecho_accept_rate_waits_total",
      "Times that clients waited because limits.accept_rate was reached.",
      statistics.accept_rate_waits);
  add(page, "coroecho_accept_pauses_total",
      "Times that accepting paused for want of descriptors or memory.", statistics.accept_pauses);
  add(page, "coroecho_received_bytes_total", "Bytes received from clients.",
      statistics.bytes_received);
  add(page, "coroecho_sent_bytes_total", "Bytes sent back to clients.", statistics.bytes_sent);
  add(page, "coroecho_reads_total", "Reads that brought bytes.", statistics.reads);
}

void add_udp(std::string& page, const UdpStatistics& udp) {
  add(page, "coroecho_udp_datagrams_received_total", "Datagrams received.", udp.received);
  add(page, "coroecho_udp_datagrams_answered_total", "Datagrams answered.", udp.answered);
  add_header(page, "coroecho_udp_datagrams_refused_total", "counter",
             "Datagrams not answered, by reason.");
  for_each_udp_refusal([&](UdpRefusal refusal) {
    add_sample(page, "coroecho_udp_datagrams_refused_total",
               fmt::format("{{reason=\"{}\"}}", identifier(refusal)), udp.count(refusal));
  });
  add(page, "coroecho_udp_received_bytes_total", "Bytes of payload received in datagrams.",
      udp.bytes_received);
  add(page, "coroecho_udp_sent_bytes_total", "Bytes of payload sent back in datagrams.",
      udp.bytes_sent);
}

void add_tls(std::string& page, const Status& status) {
  add(page, "coroecho_tls_connections_active",
      "Connections by TLS that are open or in their handshake.", status.tls_connections);
  constexpr std::string_view name = "coroecho_tls_handshakes_total";
  add_header(page, name, "counter", "TLS handshakes, by result.");
  add_sample(page, name, "{result=\"succeeded\"}", status.statistics.handshakes);
  add_sample(page, name, "{result=\"failed\"}", status.statistics.failed_handshakes);
  add_sample(page, name, "{result=\"timed_out\"}", status.statistics.timed_out_handshakes);
  if (!status.certificate_left) return;
  add(page, "coroecho_tls_certificate_left_seconds", "Time until the certificate expires.",
      status.certificate_left->count());
}

void add_upgrades(std::string& page, const Statistics& statistics) {
  constexpr std::string_view name = "coroecho_upgrades_total";
  add_header(page, name, "counter", "Executions of another program in this process, by result.");
  add_sample(page, name, "{result=\"succeeded\"}", statistics.upgrades);
  add_sample(page, name, "{result=\"failed\"}", statistics.failed_upgrades);
}

void add_coroutines(std::string& page, const coro::Scheduler::Counters& coroutines) {
  add(page, "coroecho_coroutines_active", "Coroutines that are alive.", coroutines.alive);
  add(page, "coroecho_coroutines_spawned_total", "Coroutines spawned.", coroutines.spawned);
  add(page, "coroecho_coroutines_failed_total", "Coroutines ended by an exception.",
      coroutines.failed);
  add(page, "coroecho_coroutine_stacks", "Stacks that exist, in use or free.", coroutines.stacks);
}

void add_if_known(std::string& page, std::string_view name, std::string_view help, auto value) {
  if (value) add(page, name, help, *value);
}

void add_process(std::string& page, const ProcessUsage& process) {
  add(page, "process_cpu_seconds_total", "Processor time of user and system.", process.cpu_seconds);
  add_if_known(page, "process_open_fds", "Descriptors that are open.", process.open_descriptors);
  add_if_known(page, "process_max_fds", "The most descriptors that may be open.",
               process.max_descriptors);
  add_if_known(page, "process_resident_memory_bytes", "Memory that is resident.",
               process.resident_bytes);
  add_if_known(page, "process_virtual_memory_bytes", "Address space in use.",
               process.virtual_bytes);
  add_if_known(page, "process_start_time_seconds",
               "Start of the process, in seconds since 1970. An upgrade keeps the process.",
               process.started);
}

}  // namespace

std::string to_prometheus(const Status& status, const ProcessUsage& process) {
  std::string page;
  add_build_info(page);
  add(page, "coroecho_uptime_seconds", "Time since the service started.",
      std::chrono::duration_cast<std::chrono::seconds>(status.uptime).count());
  add(page, "coroecho_ready", "1 while the service accepts connections and is not draining.",
      status.ready ? 1 : 0);
  add_limits(page, status.limits);
  add_connections(page, status);
  add_udp(page, status.statistics.udp);
  add_tls(page, status);
  add_coroutines(page, status.coroutines);
  add(page, "coroecho_log_lines_dropped_total", "Log lines that their destination did not take.",
      status.dropped_log_lines);
  add(page, "coroecho_reloads_total", "Configurations put in force since the start.",
      status.statistics.reloads);
  add(page, "coroecho_reloads_failed_total", "Configurations refused since the start.",
      status.statistics.failed_reloads);
  add_upgrades(page, status.statistics);
  add_histogram(page, "coroecho_scheduler_lag_seconds", "How late a timer fires that is due.",
                status.scheduler_lag);
  add_process(page, process);
  return page;
}

}  // namespace server
