#include "server/status/latency_histogram.hpp"

#include <algorithm>
#include <bit>

namespace server {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

microseconds LatencyHistogram::upper_bound(std::size_t bucket) {
  return microseconds(std::int64_t{1} << bucket);
}

void LatencyHistogram::count(nanoseconds duration) {
  duration = std::max(duration, nanoseconds(0));
  const auto whole = std::chrono::ceil<microseconds>(duration).count();
  const auto bucket = whole <= 1 ? 0 : std::bit_width(static_cast<std::uint64_t>(whole) - 1);
  ++counts_[std::min<std::size_t>(static_cast<std::size_t>(bucket), bucket_count - 1)];
  ++total_;
  sum_ += duration;
  maximum_ = std::max(maximum_, duration);
}

nanoseconds LatencyHistogram::quantile(double share) const {
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    below += counts_[bucket];
    if (below > 0 && static_cast<double>(below) >= share * static_cast<double>(total_)) {
      return bucket + 1 == bucket_count ? maximum_
                                        : std::min<nanoseconds>(upper_bound(bucket), maximum_);
    }
  }
  return maximum_;
}

}  // namespace server
