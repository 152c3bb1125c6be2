#pragma once

#include <cstdint>

#include "coro/io.hpp"

namespace server {

/// limits.accept_rate: how many connections a second are accepted, over all listeners. Evenly: a
/// tenth of a second's worth at once, at least one, not a whole second's.
class AcceptRate {
 public:
  /// How long to wait before the next one may be accepted; zero if it may be now. rate: a second, 0
  /// = no limit.
  coro::Clock::duration wait(std::uint32_t rate, coro::Clock::time_point now) const;

  /// One was accepted.
  void count(std::uint32_t rate, coro::Clock::time_point now);

 private:
  // When the next one would come if they came evenly.
  coro::Clock::time_point next_;
};

}  // namespace server
