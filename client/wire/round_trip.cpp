#include "client/wire/round_trip.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "client/output/units.hpp"

namespace client {

std::string round_trip_text(const program::Histogram& times) {
  if (times.empty()) return {};
  const auto text = milliseconds_text;
  return fmt::format(
      "round trip min/avg/max/mdev = {}/{}/{}/{} ms\n"
      "round trip p50/p95/p99 = {}/{}/{} ms",
      text(times.min()), text(times.mean()), text(times.max()), text(times.deviation()),
      text(times.percentile(0.50)), text(times.percentile(0.95)), text(times.percentile(0.99)));
}

nlohmann::ordered_json times_json(const program::Histogram& times) {
  if (times.empty()) return nullptr;
  const auto number = [](std::chrono::nanoseconds time) {
    return std::chrono::duration<double, std::milli>(time).count();
  };
  return {{"min", number(times.min())},
          {"mean", number(times.mean())},
          {"max", number(times.max())},
          {"mdev", number(times.deviation())},
          {"p50", number(times.percentile(0.50))},
          {"p90", number(times.percentile(0.90))},
          {"p95", number(times.percentile(0.95))},
          {"p99", number(times.percentile(0.99))},
          {"p99.9", number(times.percentile(0.999))},
          {"p99.99", number(times.percentile(0.9999))}};
}

}  // namespace client
