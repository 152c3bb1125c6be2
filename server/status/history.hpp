#pragma once

#include <boost/circular_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "coro/io.hpp"
#include "server/status/statistics.hpp"

namespace server {

/// The last five minutes: a sample each second, so that a page that is opened now shows them. It
/// allocates once, and touches its 110 KiB only as samples come.
class History {
 public:
  static constexpr std::size_t most_samples = 300;
  static constexpr std::chrono::seconds interval{1};

  /// Call this several times in an interval, after each measurement of the scheduler's lag. If an
  /// interval is over, it takes a sample, which has the longest lag. Throws nothing.
  void record(const Statistics& statistics, std::size_t tls_connections,
              std::chrono::nanoseconds lag, coro::Clock::time_point now);

  /// Forgets all samples.
  void clear();

  /// The samples that were taken more than `after` milliseconds behind the start of the service, as
  /// JSON without the braces around:
  ///
  ///     "fields":["at","span",...],"samples":[[61000,1000,...],...]
  ///
  /// The times are milliseconds since the start: `at` ends the sample, which took `span`. `lag` is
  /// in microseconds. `active` and `tls_active` are connections at that time, and all other fields
  /// count what happened in the sample.
  std::string to_json(std::uint64_t after) const;

 private:
  struct Moment {
    coro::Clock::time_point at;
    Statistics statistics;
    std::size_t tls_connections;
    std::chrono::nanoseconds lag;
  };

  // Its first moment is only where the first sample begins.
  boost::circular_buffer<Moment> moments_{most_samples + 1};
  std::chrono::nanoseconds lag_{0};  // the longest since the last moment
};

}  // namespace server
