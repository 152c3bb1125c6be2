#include "client/figures/bench_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "client/figures/histogram_chart.hpp"
#include "client/output/rendering.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t chart_rows = 16;
constexpr std::size_t chart_width = 79;

// In microseconds; nothing where nothing came back.
std::optional<double> cpu_per_message(const BenchOutcome& outcome) {
  const auto messages = outcome.results.messages_in_time;
  if (messages == 0) return std::nullopt;
  return seconds(outcome.cpu_time) * 1e6 / static_cast<double>(messages);
}

double lost_percent(const BenchResults& results) {
  const auto sent = results.datagrams.sent;
  return sent == 0 ? 0 : 100 * static_cast<double>(results.lost) / static_cast<double>(sent);
}

// The rare ones are left out where there are none.
std::string datagrams_text(const BenchResults& results) {
  const auto& counts = results.datagrams;
  auto text = fmt::format("{} sent, {} lost ({:.3g} %), {} duplicates, {} reordered", counts.sent,
                          results.lost, lost_percent(results), counts.duplicates, counts.reordered);
  const auto add = [&text](std::uint64_t count, const char* name) {
    if (count > 0) text += fmt::format(", {} {}", count, name);
  };
  add(counts.late, "late");
  add(counts.changed, "changed");
  add(counts.foreign, "foreign");
  add(counts.overflowed, "overflowed");
  return text;
}

std::string handshakes_text(const Options& options, const BenchOutcome& outcome) {
  const auto& times = outcome.results.handshake_times;
  auto text = fmt::to_string(times.count());
  if (options.bench.mode == BenchMode::churn)
    text += fmt::format(", {:.0f}/s", outcome.handshakes_per_second());
  return times.empty() ? text : text + ", " + range_text(times);
}

void add_handshakes(ordered_json& json, const Options& options, const BenchOutcome& outcome) {
  json["handshakes"] = outcome.results.handshake_times.count();
  if (options.bench.mode == BenchMode::churn)
    json["handshakes_per_second"] = outcome.handshakes_per_second();
  json["handshake_ms"] = times_json(outcome.results.handshake_times);
}

void add_datagrams(ordered_json& json, const BenchResults& results) {
  const auto& counts = results.datagrams;
  json["sent"] = counts.sent;
  json["unsent"] = counts.unsent;
  json["lost_percent"] = lost_percent(results);
  json["duplicates"] = counts.duplicates;
  json["reordered"] = counts.reordered;
  json["late"] = counts.late;
  json["changed"] = counts.changed;
  json["foreign"] = counts.foreign;
  json["overflowed"] = counts.overflowed;
}

// null where nothing failed.
ordered_json first_failure_json(const BenchResults& results) {
  if (!results.first_failure) return nullptr;
  return {{"class", name_of(results.first_failure->kind)}, {"text", results.first_failure->text}};
}

ordered_json failures_json(const BenchResults& results) {
  auto json = ordered_json::object();
  for (const auto& [kind, count] : results.failures)
    json[name_of(kind)] = count;
  return json;
}

std::string percentiles_text(const program::Histogram& latency) {
  const auto at = [&](double share) { return milliseconds_text(latency.percentile(share)); };
  return fmt::format("p50 {}  p90 {}  p99 {}  p99.9 {}  p99.99 {} ms", at(0.5), at(0.9), at(0.99),
                     at(0.999), at(0.9999));
}

}  // namespace

const char* name_of(BenchMode mode) {
  constexpr std::array names = {"pingpong", "stream", "churn", "idle"};
  return names.at(static_cast<std::size_t>(mode));
}

std::string title_of(const Options& options) {
  return options.udp ? "udp" : name_of(options.bench.mode);
}

// By UDP a rate says how many are under way.
std::string settings_text(const Options& options) {
  const auto& bench = options.bench;
  const auto rate = bench.rate ? fmt::format(", {}/s", *bench.rate) : "";
  const auto pipeline =
      options.udp && bench.rate ? "" : fmt::format(", {} under way", bench.pipeline);
  return fmt::format("{} {}{}, {} each message{}, {} thread{}{}, {:.4g} s", bench.connections,
                     options.udp ? "socket" : "connection", bench.connections == 1 ? "" : "s",
                     bytes_text(static_cast<double>(bench.size)), pipeline, bench.threads,
                     bench.threads == 1 ? "" : "s", rate, seconds(bench.duration));
}

std::string failures_text(const BenchResults& results) {
  if (results.clean()) return "none";
  std::string text;
  for (const auto& [kind, count] : results.failures)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name_of(kind));
  if (results.lost > 0)
    text += fmt::format("{}{} echoes lost", text.empty() ? "" : ", ", results.lost);
  if (results.datagrams.unsent > 0)
    text += fmt::format("{}{} never sent", text.empty() ? "" : ", ", results.datagrams.unsent);
  return text;
}

std::string rate_text(const RateSample& sample) {
  return fmt::format("{:.0f} echoes/s  {}/s", sample.messages_per_second,
                     bytes_text(sample.bytes_per_second));
}

std::string bench_progress_line(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds whole,
                                std::string_view text, std::size_t width) {
  constexpr std::size_t widest_bar = 20;
  const double share = std::clamp(seconds(elapsed) / seconds(whole), 0.0, 1.0);
  const auto figures =
      fmt::format("{:.1f} of {:.1f} s  {}", seconds(elapsed), seconds(whole), text);
  return bar_line(share, figures, widest_bar, width);
}

std::string bench_report(const Options& options, const BenchOutcome& outcome) {
  switch (options.bench.format) {
    case BenchFormat::json:
      return bench_json(options, outcome);
    case BenchFormat::csv:
      return bench_csv(options, outcome);
    case BenchFormat::text:
      break;
  }
  return bench_text(options, outcome);
}

std::string bench_text(const Options& options, const BenchOutcome& outcome) {
  const auto& results = outcome.results;
  auto text =
      fmt::format("{} {}: {}\n", options.target.name(), title_of(options), settings_text(options));
  const auto add = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", name, value);
  };
  if (outcome.interrupted)
    add("interrupted", fmt::format("after {:.3g} s", seconds(outcome.elapsed)));
  const auto& connects = results.connect_times;
  auto connections = fmt::to_string(results.connections);
  if (!connects.empty()) connections += ", connect " + range_text(connects);
  add(options.udp ? "sockets" : "connections", connections);
  if (options.target.tls) add("handshakes", handshakes_text(options, outcome));
  if (options.udp) add("datagrams", datagrams_text(results));
  add("echoes", fmt::format("{}, {:.0f}/s", results.messages, outcome.messages_per_second()));
  add("throughput", bytes_text(outcome.bytes_per_second()) + "/s each way");
  if (const auto cpu = cpu_per_message(outcome))
    add("client CPU", fmt::format("{:.2f} us per echo", *cpu));
  add("failures", failures_text(results));
  if (results.latency.empty()) return text;
  const auto& latency = results.latency;
  add("latency", fmt::format("min/avg/max/mdev = {}/{}/{}/{} ms", milliseconds_text(latency.min()),
                             milliseconds_text(latency.mean()), milliseconds_text(latency.max()),
                             milliseconds_text(latency.deviation())));
  add("", percentiles_text(latency));
  return text + "\n" + histogram_chart(latency, chart_rows, chart_width);
}

std::string bench_json(const Options& options, const BenchOutcome& outcome) {
  const auto& bench = options.bench;
  const auto& results = outcome.results;
  ordered_json json{{"target", options.target.name()},
                    {"mode", title_of(options)},
                    {"connections", bench.connections},
                    {"size", bench.size},
                    {"pipeline", bench.pipeline},
                    {"threads", bench.threads},
                    {"rate", nullptr},
                    {"warmup_s", seconds(bench.warmup)},
                    {"elapsed_s", seconds(outcome.elapsed)},
                    {"interrupted", outcome.interrupted},
                    {"connected", results.connections},
                    {"echoes", results.messages},
                    {"echoes_per_second", outcome.messages_per_second()},
                    {"bytes", results.bytes},
                    {"bytes_per_second", outcome.bytes_per_second()},
                    {"lost", results.lost},
                    {"failures", failures_json(results)},
                    {"failure", first_failure_json(results)},
                    {"client_cpu_us_per_echo", nullptr}};
  if (options.udp) add_datagrams(json, results);
  if (bench.rate) json["rate"] = *bench.rate;
  if (const auto cpu = cpu_per_message(outcome)) json["client_cpu_us_per_echo"] = *cpu;
  json["connect_ms"] = times_json(results.connect_times);
  if (options.target.tls) add_handshakes(json, options, outcome);
  json["latency_ms"] = times_json(results.latency);
  auto& histogram = json["histogram"] = ordered_json::array();
  for (const auto& bucket : results.latency.buckets()) {
    histogram.push_back(
        {{"from_ns", bucket.from.count()}, {"to_ns", bucket.to.count()}, {"count", bucket.count}});
  }
  auto& rates = json["rates"] = ordered_json::array();
  for (const auto& sample : outcome.rates) {
    rates.push_back({{"at_s", seconds(sample.at)},
                     {"echoes_per_second", sample.messages_per_second},
                     {"bytes_per_second", sample.bytes_per_second}});
  }
  return json_text(json) + "\n";
}

std::string bench_csv(const Options& options, const BenchOutcome& outcome) {
  const auto& bench = options.bench;
  const auto& results = outcome.results;
  std::uint64_t failures = 0;
  for (const auto& [kind, count] : results.failures)
    failures += count;
  // A figure that there is none of is an empty field.
  const auto latency = [&](double share) {
    if (results.latency.empty()) return std::string();
    return fmt::format("{:.6f}", seconds(results.latency.percentile(share)) * 1e3);
  };
  const auto rate = [&](double number, int digits) {
    return outcome.began() ? fmt::format("{:.{}f}", number, digits) : std::string();
  };
  const auto cpu = cpu_per_message(outcome);
  std::vector<std::pair<const char*, std::string>> columns = {
      {"mode", title_of(options)},
      {"connections", fmt::to_string(bench.connections)},
      {"size", fmt::to_string(bench.size)},
      {"pipeline", fmt::to_string(bench.pipeline)},
      {"threads", fmt::to_string(bench.threads)},
      {"rate", bench.rate ? fmt::to_string(*bench.rate) : ""},
      {"elapsed_s", fmt::format("{:.3f}", seconds(outcome.elapsed))},
      {"echoes", fmt::to_string(results.messages)},
      {"echoes_per_second", rate(outcome.messages_per_second(), 1)},
      {"bytes_per_second", rate(outcome.bytes_per_second(), 0)},
      {"p50_ms", latency(0.5)},
      {"p90_ms", latency(0.9)},
      {"p99_ms", latency(0.99)},
      {"p99.9_ms", latency(0.999)},
      {"p99.99_ms", latency(0.9999)},
      {"max_ms", latency(1)},
      {"client_cpu_us_per_echo", cpu ? fmt::format("{:.3f}", *cpu) : ""},
      {"failures", fmt::to_string(failures)},
      {"lost", fmt::to_string(results.lost)}};
  if (options.udp) {
    const auto& counts = results.datagrams;
    columns.insert(columns.end(), {{"sent", fmt::to_string(counts.sent)},
                                   {"unsent", fmt::to_string(counts.unsent)},
                                   {"duplicates", fmt::to_string(counts.duplicates)},
                                   {"reordered", fmt::to_string(counts.reordered)},
                                   {"late", fmt::to_string(counts.late)},
                                   {"overflowed", fmt::to_string(counts.overflowed)}});
  }
  std::string header;
  std::string row;
  for (const auto& [name, value] : columns) {
    header += (header.empty() ? "" : ",") + std::string(name);
    row += (row.empty() ? "" : ",") + value;
  }
  return header + "\n" + row + "\n";
}

}  // namespace client
