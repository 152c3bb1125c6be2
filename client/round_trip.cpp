#include "client/round_trip.hpp"

#include <fmt/format.h>

#include "client/units.hpp"

namespace client {

std::string round_trip_text(const Histogram& times) {
  if (times.empty()) return {};
  const auto text = milliseconds_text;
  return fmt::format(
      "round trip min/avg/max/mdev = {}/{}/{}/{} ms\n"
      "round trip p50/p95/p99 = {}/{}/{} ms",
      text(times.min()), text(times.mean()), text(times.max()), text(times.deviation()),
      text(times.percentile(0.50)), text(times.percentile(0.95)), text(times.percentile(0.99)));
}

}  // namespace client
