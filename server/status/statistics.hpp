#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "coro/io.hpp"
#include "server/status/ending.hpp"

namespace server {

/// Counts since the service started. Plain counters: one thread counts and reads them.
struct Statistics {
  coro::Clock::time_point started = coro::Clock::now();

  std::uint64_t accepted = 0;
  std::size_t active = 0;
  std::size_t peak = 0;
  std::array<std::uint64_t, ending_count> endings{};  ///< by Ending

  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t reads = 0;

  std::uint64_t accept_pauses = 0;  ///< for want of descriptors or memory
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;

  /// A connection began.
  void began() {
    ++accepted;
    peak = std::max(peak, ++active);
  }
  /// A connection was closed before it began.
  void refused(Ending ending) {
    ++accepted;
    ++endings[static_cast<std::size_t>(ending)];
  }
  void ended(Ending ending) {
    --active;
    ++endings[static_cast<std::size_t>(ending)];
  }
  std::uint64_t count(Ending ending) const { return endings[static_cast<std::size_t>(ending)]; }
};

}  // namespace server
