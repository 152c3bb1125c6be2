#include "server/admin/metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// The text format, metric by metric.
class Exposition {
 public:
  template <typename Value>
  void gauge(std::string_view name, std::string_view help, Value value) {
    header(name, "gauge", help);
    sample(name, "", value);
  }

  // Its name ends in _total.
  template <typename Value>
  void counter(std::string_view name, std::string_view help, Value value) {
    header(name, "counter", help);
    sample(name, "", value);
  }

  void header(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out(), "# HELP coroecho_{0} {1}\n# TYPE coroecho_{0} {2}\n", name, help, type);
  }

  template <typename Value>
  void sample(std::string_view name, std::string_view labels, Value value) {
    fmt::format_to(out(), "coroecho_{}{} {}\n", name, labels, value);
  }

  void histogram(std::string_view name, std::string_view help, const program::Histogram& counted) {
    header(name, "histogram", help);
    const auto buckets = counted.buckets();
    auto bucket = buckets.begin();
    std::uint64_t below = 0;
    // A time that is a bound to the nanosecond counts above it.
    for (std::chrono::microseconds bound(1); bound < std::chrono::seconds(5); bound *= 2) {
      for (; bucket != buckets.end() && bucket->to <= bound; ++bucket)
        below += bucket->count;
      sample(fmt::format("{}_bucket", name), fmt::format("{{le=\"{}\"}}", seconds(bound)), below);
    }
    sample(fmt::format("{}_bucket", name), "{le=\"+Inf\"}", counted.count());
    sample(fmt::format("{}_sum", name), "", seconds(counted.sum()));
    sample(fmt::format("{}_count", name), "", counted.count());
  }

  std::string text() { return fmt::to_string(text_); }

 private:
  std::back_insert_iterator<fmt::memory_buffer> out() { return std::back_inserter(text_); }

  fmt::memory_buffer text_;
};

void add_endings(Exposition& page, std::string_view name, std::string_view help,
                 const Statistics& statistics, bool refusals) {
  page.header(name, "counter", help);
  for_each_ending([&](Ending ending) {
    if (is_refusal(ending) != refusals) return;
    page.sample(name, fmt::format("{{reason=\"{}\"}}", identifier(ending)),
                statistics.count(ending));
  });
}

void add_connections(Exposition& page, const Statistics& statistics) {
  page.counter("connections_accepted_total", "Connections accepted.", statistics.accepted);
  page.gauge("connections_active", "Connections that are open.", statistics.active);
  page.gauge("connections_peak", "The most connections that were open at a time.", statistics.peak);
  add_endings(page, "connections_refused_total",
              "Connections turned away before their first echo, by reason.", statistics, true);
  add_endings(page, "connections_ended_total", "Other connections that ended, by reason.",
              statistics, false);
  page.counter("accept_pauses_total",
               "Times that accepting paused for want of descriptors or memory.",
               statistics.accept_pauses);
  page.counter("received_bytes_total", "Bytes received from clients.", statistics.bytes_received);
  page.counter("sent_bytes_total", "Bytes sent back to clients.", statistics.bytes_sent);
  page.counter("reads_total", "Reads that brought bytes.", statistics.reads);
}

void add_coroutines(Exposition& page, const coro::Scheduler::Counters& coroutines) {
  page.gauge("coroutines_active", "Coroutines that are alive.", coroutines.alive);
  page.counter("coroutines_spawned_total", "Coroutines spawned.", coroutines.spawned);
  page.counter("coroutines_failed_total", "Coroutines ended by an exception.", coroutines.failed);
  page.gauge("coroutine_stacks", "Stacks that exist, in use or free.", coroutines.stacks);
}

}  // namespace

std::string to_prometheus(const Status& status) {
  Exposition page;
  page.header("build_info", "gauge", "Always 1; its label tells the version.");
  page.sample("build_info", "{version=\"" COROECHO_VERSION "\"}", 1);
  page.gauge("uptime_seconds", "Time since the service started.", status.uptime.count());
  page.gauge("ready", "1 while the service accepts connections and is not draining.",
             status.ready ? 1 : 0);
  add_connections(page, status.statistics);
  add_coroutines(page, status.coroutines);
  page.counter("log_lines_dropped_total", "Log lines that their destination did not take.",
               status.dropped_log_lines);
  page.counter("reloads_total", "Configurations put in force since the start.",
               status.statistics.reloads);
  page.counter("reloads_failed_total", "Configurations refused since the start.",
               status.statistics.failed_reloads);
  page.histogram("scheduler_lag_seconds", "How late a timer fires that is due.",
                 status.scheduler_lag);
  return page.text();
}

}  // namespace server
