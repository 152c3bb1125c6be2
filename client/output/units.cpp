#include "client/output/units.hpp"

#include <fmt/format.h>

#include <array>

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
  const double milliseconds = std::chrono::duration<double, std::milli>(time).count();
  const int digits = milliseconds < 10 ? 3 : milliseconds < 100 ? 2 : milliseconds < 1000 ? 1 : 0;
  return fmt::format("{:.{}f}", milliseconds, digits);
}

std::string time_text(std::chrono::nanoseconds time) {
  return milliseconds_text(time) + " ms";
}

}  // namespace client
