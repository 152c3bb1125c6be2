#include "program/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace program {
namespace {

constexpr std::size_t bucket_count(int sub_bits, int highest_bit) {
  return static_cast<std::size_t>(highest_bit - sub_bits + 1) << static_cast<unsigned>(sub_bits);
}

}  // namespace

Histogram::Histogram() : counts_(bucket_count(sub_bits, highest_bit)) {}

Histogram::Histogram(const Snapshot& snapshot) : Histogram() {
  for (const auto& [from, count] : snapshot.counts) {
    count_at(from) += count;
    count_ += count;
  }
  if (empty()) return;
  min_ = snapshot.min.count();
  max_ = std::max(snapshot.max, snapshot.min).count();
  sum_ = snapshot.sum;
  sum_of_squares_ = snapshot.sum_of_squares;
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot{.min = min(), .max = max(), .sum = sum_, .sum_of_squares = sum_of_squares_};
  for (const Bucket& bucket : buckets())
    snapshot.counts.emplace_back(bucket.from, bucket.count);
  return snapshot;
}

// Values below 2^7 have a bucket each. Above, the highest bit says which power of two, and the
// seven bits after it which of its 128 buckets.
std::size_t Histogram::bucket_of(std::uint64_t value) {
  constexpr unsigned width = sub_bits + 1;
  // The type of bit_width() depends on the library's version (LWG 3656).
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  const std::uint64_t power = std::max(bits, width) - width;
  return (power << static_cast<unsigned>(sub_bits)) + (value >> power);
}

std::uint64_t Histogram::lower_end(std::size_t bucket) {
  constexpr std::size_t per_power = std::size_t{1} << static_cast<unsigned>(sub_bits);
  if (bucket < 2 * per_power) return bucket;
  const auto power = bucket / per_power - 1;
  return (bucket % per_power + per_power) << power;
}

std::uint64_t& Histogram::count_at(Duration time) {
  const auto value = static_cast<std::uint64_t>(std::max(time.count(), std::int64_t{0}));
  return counts_[std::min(bucket_of(value), counts_.size() - 1)];
}

void Histogram::record(Duration time) {
  const auto value = std::max(time.count(), std::int64_t{0});
  ++count_at(time);
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  const auto number = static_cast<double>(value);
  sum_ += number;
  sum_of_squares_ += number * number;
}

void Histogram::merge(const Histogram& other) {
  std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus{});
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
}

Histogram::Duration Histogram::sum() const {
  return Duration(std::llround(sum_));
}

Histogram::Duration Histogram::mean() const {
  if (empty()) return {};
  return Duration(std::llround(sum_ / static_cast<double>(count_)));
}

Histogram::Duration Histogram::deviation() const {
  if (empty()) return {};
  const auto n = static_cast<double>(count_);
  const double mean = sum_ / n;
  const double variance =
      sum_of_squares_ / n - mean * mean;  // rounding may make it slightly negative
  return Duration(std::llround(std::sqrt(std::max(variance, 0.0))));
}

Histogram::Duration Histogram::percentile(double share) const {
  if (empty()) return {};
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= std::max<std::uint64_t>(rank, 1)) {
      if (bucket + 1 == counts_.size()) break;
      const auto last = static_cast<std::int64_t>(lower_end(bucket + 1)) - 1;
      return Duration(std::clamp(last, min_, max_));
    }
  }
  return max();
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> filled;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    filled.push_back(
        {Duration(lower_end(bucket)), Duration(lower_end(bucket + 1)), counts_[bucket]});
  }
  return filled;
}

}  // namespace program
