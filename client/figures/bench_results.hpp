#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "client/wire/connection.hpp"
#include "client/wire/failure.hpp"
#include "program/histogram.hpp"

namespace client {

/// Of a benchmark by UDP. Those sent in the measured time are echoes or lost in the end.
struct DatagramCounts {
  std::uint64_t sent = 0;
  std::uint64_t unsent = 0;  ///< that were due, but the client or the kernel had no time or room
  std::uint64_t duplicates = 0;  ///< copies of an echo beyond the first
  std::uint64_t reordered = 0;   ///< echoes that came after a later one of their socket
  std::uint64_t late = 0;        ///< that came when they were lost already
  std::uint64_t changed = 0;     ///< that came back with other bytes
  std::uint64_t foreign = 0;     ///< that nobody here has sent
  std::uint64_t overflowed = 0;  ///< that came, and found no room in the client's socket

  void merge(const DatagramCounts& other);
};

/// The measurements of one thread of a benchmark, or of all together.
struct BenchResults {
  std::uint64_t connections = 0;  ///< that were made; with churn, in the measured time
  /// Every message that was meant to be sent in the measured time is one of these two in the end.
  std::uint64_t messages = 0;  ///< that came back the same, whole, be it after the measured time
  std::uint64_t lost = 0;      ///< that never did, or were never sent
  std::uint64_t messages_in_time = 0;  ///< that came back within the measured time, for the rate
  std::uint64_t bytes = 0;             ///< that came back the same in the measured time
  program::Histogram latency;          ///< of messages
  program::Histogram connect_times;
  program::Histogram handshake_times;              ///< with TLS
  std::map<FailureClass, std::uint64_t> failures;  ///< connections that ended so
  std::optional<Failure> first_failure;
  DatagramCounts datagrams;  ///< by UDP

  void count_opening(const ConnectionFacts& facts);
  void add_failure(const Failure& failure);
  void merge(const BenchResults& other);
  bool clean() const { return failures.empty() && lost == 0 && datagrams.unsent == 0; }
};

/// How the rate went: what came back in each interval of the measured time.
struct RateSample {
  std::chrono::nanoseconds at{};  ///< the interval's end, from the start of the measured time
  double messages_per_second = 0;
  double bytes_per_second = 0;
};

/// A whole run.
struct BenchOutcome {
  BenchResults results;
  std::chrono::system_clock::time_point start;  ///< of the measured time
  std::chrono::nanoseconds elapsed{};           ///< measured time
  std::chrono::nanoseconds cpu_time{};          ///< of this process in the measured time
  std::vector<RateSample> rates;
  bool interrupted = false;

  /// There was time that was measured.
  bool began() const { return elapsed.count() > 0; }
  double messages_per_second() const;
  double bytes_per_second() const;
  /// With churn; otherwise they are made before the measured time.
  double handshakes_per_second() const;
  /// Everything came back, and there was something.
  bool clean() const { return results.clean() && results.messages > 0; }
};

}  // namespace client
