#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "coro/io.hpp"
#include "server/status/ending.hpp"
#include "server/status/udp_refusal.hpp"

namespace server {

/// The datagrams since the service started. Each one that was received is answered, is refused, or
/// waits for a delay that is configured under faults:.
struct UdpStatistics {
  std::uint64_t received = 0;
  std::uint64_t answered = 0;
  std::uint64_t bytes_received = 0;                         ///< payload
  std::uint64_t bytes_sent = 0;                             ///< payload
  std::array<std::uint64_t, udp_refusal_count> refusals{};  ///< by UdpRefusal

  void refused(UdpRefusal refusal, std::uint64_t datagrams = 1) {
    refusals[static_cast<std::size_t>(refusal)] += datagrams;
  }
  std::uint64_t count(UdpRefusal refusal) const {
    return refusals[static_cast<std::size_t>(refusal)];
  }
};

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

  UdpStatistics udp;
  std::uint64_t handshakes = 0;            ///< TLS: that succeeded
  std::uint64_t failed_handshakes = 0;     ///< and those that did not, but for the next
  std::uint64_t timed_out_handshakes = 0;  ///< tls.handshake_timeout

  std::uint64_t accept_pauses = 0;      ///< for want of descriptors or memory
  std::uint64_t full_waits = 0;         ///< a client waited because of limits.max_connections,
  std::uint64_t accept_rate_waits = 0;  ///< or because of limits.accept_rate
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  std::uint64_t upgrades = 0;
  std::uint64_t failed_upgrades = 0;

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
