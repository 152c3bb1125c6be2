#pragma once

#include "coro/io.hpp"

namespace client {

/// How long an echo takes at most, by those that came back: the retransmission timer of TCP
/// (RFC 6298, 2 and 5).
class RoundTripEstimate {
 public:
  /// longest: the limit is never above it. It is also the limit while nothing is known.
  explicit RoundTripEstimate(coro::Clock::duration longest) : longest_(longest), limit_(longest) {}

  /// An echo took so long.
  void measured(coro::Clock::duration time);
  /// One took longer than the limit, which is doubled until the next one comes back.
  void exceeded();

  coro::Clock::duration limit() const { return limit_; }

 private:
  coro::Clock::duration longest_;
  coro::Clock::duration limit_;
  coro::Clock::duration smoothed_{};   // zero: none has come back
  coro::Clock::duration variation_{};  // mean deviation from it
};

}  // namespace client
