#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "coro/io.hpp"

namespace client {

/// Accounts for numbered echoes that may come back in any order, twice or never. Numbers begin
/// with 1. Each is under way until it has been received, lost or settled otherwise.
class Sequence {
 public:
  using Time = coro::Clock::time_point;

  /// How many numbers it remembers besides those under way. An echo of an older one counts as late.
  static constexpr std::size_t remembered = std::size_t{1} << 18U;

  /// The next number has been sent. Returns the number.
  std::uint64_t sent(Time at);

  enum class Arrival {
    received,   ///< the first time, and in time
    late,       ///< the first time, after it was lost
    duplicate,  ///< again
    unknown     ///< such a number was not sent
  };

  struct Arrived {
    Arrival arrival = Arrival::unknown;
    bool reordered = false;  ///< received after one with a higher number (RFC 4737, section 3.3)
    coro::Clock::duration round_trip{};  ///< zero if the number is no longer remembered
  };

  Arrived arrived(std::uint64_t number, Time at);

  /// The number came back changed, or was refused. False if it is not under way.
  bool settle(std::uint64_t number);

  struct UnderWay {
    std::uint64_t number = 0;
    Time at;  ///< when it was sent
  };

  std::optional<UnderWay> oldest() const;
  void lose_oldest();
  /// For an echo without a number of its own: the oldest that is under way, or the latest.
  std::uint64_t oldest_or_latest() const { return under_way_ > 0 ? first_ + oldest_ : latest(); }

  std::uint64_t latest() const { return first_ + numbers_.size() - 1; }
  std::size_t under_way() const { return under_way_; }

  /// The interarrival jitter (RFC 3550, section 6.4.1), with the round trip as the transit time;
  /// zero before the second echo.
  coro::Clock::duration jitter() const;

 private:
  enum class State : std::uint8_t { under_way, received, lost, settled };

  struct Number {
    Time at;
    State state = State::under_way;
  };

  Number* find(std::uint64_t number);
  void settle(Number& number, State state);
  void record_transit(coro::Clock::duration round_trip);

  std::deque<Number> numbers_;
  std::uint64_t first_ = 1;  // the number of the first of them
  std::size_t oldest_ = 0;   // index of the oldest that is under way, or the size
  std::size_t under_way_ = 0;
  std::uint64_t highest_received_ = 0;
  std::optional<coro::Clock::duration> last_round_trip_;
  double jitter_ = 0;  // nanoseconds
};

}  // namespace client
