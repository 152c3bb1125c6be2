#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace client {

/// Times, counted in buckets whose width grows with the value, so that every value is known to
/// better than one percent from a nanosecond to a quarter of an hour, at a fixed size and a few
/// nanoseconds for each. The layout is that of HdrHistogram: each power of two is divided into 128
/// equal buckets.
class Histogram {
 public:
  using Duration = std::chrono::nanoseconds;

  struct Bucket {
    Duration from{};  ///< inclusive
    Duration to{};    ///< exclusive
    std::uint64_t count = 0;
  };

  Histogram();

  /// Negative values count as zero, values beyond longest() as longest().
  void record(Duration time);
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  /// These are exact, and zero while nothing is recorded.
  Duration min() const { return empty() ? Duration{} : Duration(min_); }
  Duration max() const { return Duration(max_); }
  Duration mean() const;
  /// Standard deviation, what ping(8) calls mdev.
  Duration deviation() const;

  /// The smallest bucket's end below which this share (0 to 1) of the values lies, never more than
  /// max().
  Duration percentile(double share) const;

  /// The buckets that are not empty, in order.
  std::vector<Bucket> buckets() const;

  static constexpr Duration longest() { return Duration((std::int64_t{1} << highest_bit) - 1); }

 private:
  static constexpr int sub_bits = 7;
  static constexpr int highest_bit = 40;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t lower_end(std::size_t bucket);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::int64_t min_ = longest().count();
  std::int64_t max_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
};

}  // namespace client
