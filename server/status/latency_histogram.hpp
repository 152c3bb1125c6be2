#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace server {

/// Durations counted in buckets that double, from 1 us to 8.4 s: constant memory, and a quantile
/// that is at most twice the true one.
class LatencyHistogram {
 public:
  static constexpr std::size_t bucket_count = 24;

  /// The longest duration of a bucket; the last one takes whatever is longer, too.
  static std::chrono::microseconds upper_bound(std::size_t bucket);

  void count(std::chrono::nanoseconds duration);

  std::uint64_t total() const { return total_; }
  std::chrono::nanoseconds sum() const { return sum_; }
  std::chrono::nanoseconds maximum() const { return maximum_; }
  std::uint64_t in_bucket(std::size_t bucket) const { return counts_[bucket]; }

  /// The duration that this share (0 to 1) of all did not exceed: an upper bound, and never above
  /// maximum(). Zero if nothing was counted.
  std::chrono::nanoseconds quantile(double share) const;

 private:
  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t total_ = 0;
  std::chrono::nanoseconds sum_{0};
  std::chrono::nanoseconds maximum_{0};
};

}  // namespace server
