#pragma once

#include <chrono>

namespace service {

using Clock = std::chrono::steady_clock;

// How long a test waits for what must happen. Only a failing test waits that long.
inline constexpr std::chrono::seconds patience{120};

// Milliseconds after which a thread looks up from its waiting.
inline constexpr int glance = 20;

// The milliseconds left until `deadline`, as poll(2) takes them; 0 when it has passed.
inline int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

// Whether a time that a busy machine lengthens is below `bound` in one of a few tries.
template <typename Measured>
bool once_below(Clock::duration bound, Measured measured) {
  for (int tries = 5; tries > 0; --tries) {
    if (measured() < bound) return true;
  }
  return false;
}

}  // namespace service
