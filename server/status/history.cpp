#include "server/status/history.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace server {
namespace {

// A measurement that comes a little early belongs to the sample that it ends.
constexpr std::chrono::milliseconds tolerance{100};

// The counters of a sample, in the order of counts().
std::vector<std::string> names_of_columns() {
  std::vector<std::string> names = {"reads",        "bytes_received",     "bytes_sent",
                                    "accepted",     "handshakes",         "udp_received",
                                    "udp_answered", "udp_bytes_received", "udp_bytes_sent",
                                    "full_waits",   "accept_rate_waits"};
  for_each_ending([&](Ending ending) {
    names.push_back((is_refusal(ending) ? "refused_" : "ended_") + identifier(ending));
  });
  for_each_udp_refusal(
      [&](UdpRefusal refusal) { names.push_back("udp_refused_" + identifier(refusal)); });
  return names;
}

std::vector<std::uint64_t> counts(const Statistics& statistics) {
  const UdpStatistics& udp = statistics.udp;
  std::vector<std::uint64_t> counts = {
      statistics.reads,      statistics.bytes_received,   statistics.bytes_sent,
      statistics.accepted,   statistics.handshakes,       udp.received,
      udp.answered,          udp.bytes_received,          udp.bytes_sent,
      statistics.full_waits, statistics.accept_rate_waits};
  std::ranges::copy(statistics.endings, std::back_inserter(counts));
  std::ranges::copy(udp.refusals, std::back_inserter(counts));
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
