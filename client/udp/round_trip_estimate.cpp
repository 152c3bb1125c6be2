#include "client/udp/round_trip_estimate.hpp"

#include <algorithm>
#include <chrono>

namespace client {
namespace {

using namespace std::chrono_literals;

// Even the threads of an idle machine wait now and then for as long as this.
constexpr coro::Clock::duration least_margin = 10ms;

}  // namespace

void RoundTripEstimate::measured(coro::Clock::duration time) {
  if (smoothed_ == 0ns) {
    smoothed_ = time;
    variation_ = time / 2;
  } else {
    const auto difference = time - smoothed_;
    variation_ += (std::chrono::abs(difference) - variation_) / 4;
    smoothed_ += difference / 8;
  }
  limit_ = std::min(longest_, smoothed_ + std::max(least_margin, 4 * variation_));
}

void RoundTripEstimate::exceeded() {
  limit_ = std::min(longest_, 2 * limit_);
}

}  // namespace client
