#include "server/status/history.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace server {
namespace {

// A measurement that comes a little early belongs to the sample that it ends.
constexpr std::chrono::milliseconds tolerance{100};

// The counters of a sample. Those of endings and of refused datagrams follow them.
struct Counter {
  std::string_view name;
  std::uint64_t (*value)(const Statistics& of);
};
constexpr std::array counters = {
    Counter{"reads", [](const Statistics& of) { return of.reads; }},
    Counter{"bytes_received", [](const Statistics& of) { return of.bytes_received; }},
    Counter{"bytes_sent", [](const Statistics& of) { return of.bytes_sent; }},
    Counter{"accepted", [](const Statistics& of) { return of.accepted; }},
    Counter{"handshakes", [](const Statistics& of) { return of.handshakes; }},
    Counter{"udp_received", [](const Statistics& of) { return of.udp.received; }},
    Counter{"udp_answered", [](const Statistics& of) { return of.udp.answered; }},
    Counter{"udp_bytes_received", [](const Statistics& of) { return of.udp.bytes_received; }},
    Counter{"udp_bytes_sent", [](const Statistics& of) { return of.udp.bytes_sent; }},
    Counter{"full_waits", [](const Statistics& of) { return of.full_waits; }},
    Counter{"accept_rate_waits", [](const Statistics& of) { return of.accept_rate_waits; }}};

std::vector<std::string> names_of_columns() {
  std::vector<std::string> names;
  std::ranges::transform(counters, std::back_inserter(names),
                         [](const Counter& counter) { return std::string(counter.name); });
  for_each_ending([&](Ending ending) {
    names.push_back((is_refusal(ending) ? "refused_" : "ended_") + identifier(ending));
  });
  for_each_udp_refusal(
      [&](UdpRefusal refusal) { names.push_back("udp_refused_" + identifier(refusal)); });
  return names;
}

std::vector<std::uint64_t> counts(const Statistics& statistics) {
  std::vector<std::uint64_t> counts;
  std::ranges::transform(counters, std::back_inserter(counts),
                         [&](const Counter& counter) { return counter.value(statistics); });
  std::ranges::copy(statistics.endings, std::back_inserter(counts));
  std::ranges::copy(statistics.udp.refusals, std::back_inserter(counts));
  return counts;
}

std::uint64_t milliseconds(coro::Clock::duration time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

void History::record(const Statistics& statistics, std::size_t tls_connections,
                     std::chrono::nanoseconds lag, coro::Clock::time_point now) {
  lag_ = std::max(lag_, lag);
  if (!moments_.empty() && now - moments_.back().at < interval - tolerance) return;
  moments_.push_back({.at = now,
                      .statistics = statistics,
                      .tls_connections = tls_connections,
                      .lag = std::exchange(lag_, {})});
}

void History::clear() {
  moments_.clear();
  lag_ = {};
}

std::string History::to_json(std::uint64_t after) const {
  std::string json =
      fmt::format(R"("fields":["at","span","active","tls_active","lag","{}"],"samples":[)",
                  fmt::join(names_of_columns(), R"(",")"));
  const char* separator = "";
  for (std::size_t index = 1; index < moments_.size(); ++index) {
    const Moment& before = moments_[index - 1];
    const Moment& moment = moments_[index];
    const std::uint64_t at = milliseconds(moment.at - moment.statistics.started);
    if (at <= after) continue;
    std::vector<std::uint64_t> grown = counts(moment.statistics);
    std::ranges::transform(grown, counts(before.statistics), grown.begin(), std::minus<>());
    fmt::format_to(std::back_inserter(json), "{}[{},{},{},{},{},{}]", std::exchange(separator, ","),
                   at, milliseconds(moment.at - before.at), moment.statistics.active,
                   moment.tls_connections,
                   std::chrono::duration_cast<std::chrono::microseconds>(moment.lag).count(),
                   fmt::join(grown, ","));
  }
  return json + "]";
}

}  // namespace server
