#include "server/status.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

namespace server {
namespace {

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

// "closed by client" as a label or a key: closed_by_client.
std::string identifier(Ending ending) {
  std::string name(to_string(ending));
  for (char& character : name) {
    if (character == ' ') character = '_';
  }
  return name;
}

template <typename Visit>
void for_each_ending(const Statistics& statistics, Visit visit) {
  for (std::size_t index = 0; index < ending_count; ++index) {
    const auto ending = static_cast<Ending>(index);
    visit(ending, statistics.count(ending));
  }
}

// The text format, metric by metric.
class Exposition {
 public:
  template <typename Value>
  void metric(std::string_view name, std::string_view type, std::string_view help, Value value) {
    header(name, type, help);
    sample(name, "", value);
  }

  void header(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out(), "# HELP coroecho_{0} {1}\n# TYPE coroecho_{0} {2}\n", name, help, type);
  }

  template <typename Value>
  void sample(std::string_view name, std::string_view labels, Value value) {
    fmt::format_to(out(), "coroecho_{}{} {}\n", name, labels, value);
  }

  void histogram(std::string_view name, std::string_view help, const LatencyHistogram& counted) {
    header(name, "histogram", help);
    std::uint64_t below = 0;
    for (std::size_t bucket = 0; bucket + 1 < LatencyHistogram::bucket_count; ++bucket) {
      below += counted.in_bucket(bucket);
      sample(fmt::format("{}_bucket", name),
             fmt::format("{{le=\"{}\"}}", seconds(LatencyHistogram::upper_bound(bucket))), below);
    }
    sample(fmt::format("{}_bucket", name), "{le=\"+Inf\"}", counted.total());
    sample(fmt::format("{}_sum", name), "", seconds(counted.sum()));
    sample(fmt::format("{}_count", name), "", counted.total());
  }

  std::string text() { return fmt::to_string(text_); }

 private:
  std::back_insert_iterator<fmt::memory_buffer> out() { return std::back_inserter(text_); }

  fmt::memory_buffer text_;
};

}  // namespace

std::string to_log_line(const Status& status) {
  const Statistics& statistics = status.statistics;
  std::string endings;
  for_each_ending(statistics, [&](Ending ending, std::uint64_t count) {
    endings += fmt::format(", {} {}", count, to_string(ending));
  });
  return fmt::format(
      "uptime {} s, {} accepted, {} active, {} peak{}, {} bytes in, {} bytes out, {} reads, {} "
      "accept "
      "pauses, {} coroutines, {} stacks, {} log lines dropped, {} reloads, {} failed reloads, "
      "scheduler "
      "lag p50 {} us, p99 {} us, max {} us",
      status.uptime.count(), statistics.accepted, statistics.active, statistics.peak, endings,
      statistics.bytes_received, statistics.bytes_sent, statistics.reads, statistics.accept_pauses,
      status.coroutines.alive, status.coroutines.stacks, status.dropped_log_lines,
      statistics.reloads, statistics.failed_reloads,
      status.scheduler_lag.quantile(0.5).count() / 1000,
      status.scheduler_lag.quantile(0.99).count() / 1000,
      status.scheduler_lag.maximum().count() / 1000);
}

std::string to_json(const Status& status) {
  const Statistics& statistics = status.statistics;
  nlohmann::ordered_json json = {
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
        {"max", seconds(status.scheduler_lag.maximum())}}}};
  for_each_ending(statistics, [&](Ending ending, std::uint64_t count) {
    json["endings"][identifier(ending)] = count;
  });
  return json.dump();
}

std::string to_prometheus(const Status& status) {
  const Statistics& statistics = status.statistics;
  Exposition page;
  page.metric("uptime_seconds", "gauge", "Time since the service started.", status.uptime.count());
  page.metric("ready", "gauge", "1 while the service accepts connections and is not draining.",
              status.ready ? 1 : 0);
  page.metric("connections_accepted_total", "counter", "Connections accepted.",
              statistics.accepted);
  page.metric("connections_active", "gauge", "Connections that are open.", statistics.active);
  page.metric("connections_peak", "gauge", "The most connections that were open at a time.",
              statistics.peak);
  page.header("connections_ended_total", "counter", "Connections ended, by reason.");
  for_each_ending(statistics, [&](Ending ending, std::uint64_t count) {
    page.sample("connections_ended_total", fmt::format("{{reason=\"{}\"}}", identifier(ending)),
                count);
  });
  page.metric("received_bytes_total", "counter", "Bytes received from clients.",
              statistics.bytes_received);
  page.metric("sent_bytes_total", "counter", "Bytes sent back to clients.", statistics.bytes_sent);
  page.metric("reads_total", "counter", "Reads that brought bytes.", statistics.reads);
  page.metric("accept_pauses_total", "counter",
              "Times that accepting paused for want of descriptors or memory.",
              statistics.accept_pauses);
  page.metric("coroutines_active", "gauge", "Coroutines that are alive.", status.coroutines.alive);
  page.metric("coroutines_spawned_total", "counter", "Coroutines spawned.",
              status.coroutines.spawned);
  page.metric("coroutines_failed_total", "counter", "Coroutines ended by an exception.",
              status.coroutines.failed);
  page.metric("coroutine_stacks", "gauge", "Stacks that exist, in use or free.",
              status.coroutines.stacks);
  page.metric("log_lines_dropped_total", "counter",
              "Log lines that their destination did not take.", status.dropped_log_lines);
  page.metric("reloads_total", "counter", "Configurations put in force since the start.",
              statistics.reloads);
  page.metric("reloads_failed_total", "counter", "Configurations refused since the start.",
              statistics.failed_reloads);
  page.histogram("scheduler_lag_seconds", "How late a timer fires that is due.",
                 status.scheduler_lag);
  return page.text();
}

}  // namespace server
