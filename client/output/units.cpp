#include "client/output/units.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace client {

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 6> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (bytes >= 1023.95 && unit + 1 < units.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, units[unit]);
}

std::string milliseconds_text(std::chrono::nanoseconds time) {
  const double number = milliseconds(time);
  const int digits = number < 10 ? 3 : number < 100 ? 2 : number < 1000 ? 1 : 0;
  return fmt::format("{:.{}f}", number, digits);
}

std::string time_text(std::chrono::nanoseconds time) {
  return milliseconds_text(time) + " ms";
}

std::string range_text(const program::Histogram& times) {
  return fmt::format("min/avg/max = {}/{}/{} ms", milliseconds_text(times.min()),
                     milliseconds_text(times.mean()), milliseconds_text(times.max()));
}

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
  return {{"min", milliseconds(times.min())},
          {"mean", milliseconds(times.mean())},
          {"max", milliseconds(times.max())},
          {"mdev", milliseconds(times.deviation())},
          {"p50", milliseconds(times.percentile(0.50))},
          {"p90", milliseconds(times.percentile(0.90))},
          {"p95", milliseconds(times.percentile(0.95))},
          {"p99", milliseconds(times.percentile(0.99))},
          {"p99.9", milliseconds(times.percentile(0.999))},
          {"p99.99", milliseconds(times.percentile(0.9999))}};
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string json_text(const nlohmann::ordered_json& value) {
  constexpr int in_one_line = -1;
  return value.dump(in_one_line, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace client
