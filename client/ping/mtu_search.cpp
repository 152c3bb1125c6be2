#include "client/ping/mtu_search.hpp"

#include <algorithm>

namespace client {

MtuSearch::MtuSearch(std::size_t least, std::size_t most)
    : least_(least), end_(most + 1), failed_(most + 1) {}

std::optional<std::size_t> MtuSearch::next() const {
  if (over_) return std::nullopt;
  if (!passed_) return least_;
  const auto smallest = *passed_ + 1;
  if (smallest == end_) return std::nullopt;
  if (smallest == failed_) return failed_;
  if (hint_ && smallest <= *hint_ && *hint_ < failed_) return hint_;
  return *passed_ + (failed_ - *passed_) / 2;
}

void MtuSearch::passed() {
  const auto size = next();
  if (!size) return;
  passed_ = size;
  if (*size >= failed_) failed_ = end_;
}

void MtuSearch::failed() {
  const auto size = next();
  over_ = !size || !passed_ || *size == failed_;
  if (size) failed_ = std::min(failed_, *size);
}

// A limit below a size that has passed is no limit.
void MtuSearch::limited_to(std::size_t limit) {
  const auto size = next();
  over_ = !size || !passed_;
  if (over_) return;
  const auto end = limit >= *passed_ ? limit + 1 : *size;
  end_ = std::min(end_, end);
  failed_ = std::min(failed_, end);
  const bool is_named = end < *size;  // and not merely the next smaller size
  if (is_named) hint_ = limit;
}

}  // namespace client
