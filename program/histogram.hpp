#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace program {

/// Counts times in buckets whose width grows with the value: percentiles are right to better than
/// one percent from a nanosecond to a quarter of an hour, in 34 KiB, and a record costs a few
/// nanoseconds. The layout is that of HdrHistogram: each power of two is divided into 128 equal
/// buckets. 1000 times a power of two is always the beginning of a bucket.
class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;

  struct Bucket {
    Duration from{};  ///< inclusive
    Duration to{};    ///< exclusive
    std::uint64_t count = 0;
  };

  /// Everything that was recorded, to be kept elsewhere.
  struct Snapshot {
    /// The beginning of each bucket that is not empty, and its count.
    std::vector<std::pair<Duration, std::uint64_t>> counts = {};
    Duration min{};
    Duration max{};
    double sum = 0;  ///< of nanoseconds
    double sum_of_squares = 0;
  };

  Histogram();
  /// Equal to the one that the snapshot was taken of.
  explicit Histogram(const Snapshot& snapshot);

  /// A negative time counts as zero. One of 18 minutes or more is in the last bucket.
  void record(Duration time);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  /// These are exact, and zero while nothing is recorded.
  Duration min() const { return empty() ? Duration{} : Duration(min_); }
  Duration max() const { return Duration(max_); }
  Duration sum() const;
  Duration mean() const;
  /// Standard deviation, what ping(8) calls mdev.
  Duration deviation() const;

  /// The time that this share (0 to 1) of the values do not exceed: the last nanosecond of its
  /// bucket, but never more than max().
  Duration percentile(double share) const;

  /// The buckets that are not empty, in order.
  std::vector<Bucket> buckets() const;

  Snapshot snapshot() const;

 private:
  static constexpr int sub_bits = 7;
  static constexpr int highest_bit = 40;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t lower_end(std::size_t bucket);
  std::uint64_t& count_at(Duration time);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
};

}  // namespace program
