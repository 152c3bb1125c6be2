#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "client/udp/round_trip_estimate.hpp"
#include "coro/io.hpp"

namespace client {

/// The datagrams that one socket has sent, and what became of them. Each has a number, counted from
/// 1, and is remembered for as long as an echo may take: under way, or back. So a copy that comes a
/// second time is known as such.
class SentDatagrams {
 public:
  using TimePoint = coro::Clock::time_point;

  /// wait: a datagram that takes longer is lost.
  explicit SentDatagrams(coro::Clock::duration wait);

  /// The number of the next one.
  std::uint64_t next() const { return next_; }
  /// The next one was sent now; it was due at this time or before.
  void sent(TimePoint due, TimePoint now);

  struct Arrival {
    enum class Kind {
      echo,       ///< the first copy
      duplicate,  ///< a further one
      late,       ///< of one that was lost already
      unknown     ///< no datagram with this number was sent
    };

    Kind kind = Kind::unknown;
    bool reordered = false;  ///< an echo, and that of a later datagram came before (RFC 4737, 3.3)
    TimePoint due{};         ///< of an echo or a duplicate
  };

  /// An echo has come. number: the 32 lower bits of its number.
  Arrival arrived(std::uint32_t number, TimePoint now);

  /// Whether some under way were sent longer ago than an echo may take.
  bool has_expired(TimePoint now);
  /// Forgets those sent longer ago than an echo may take. Calls `lost` with the time at which each
  /// of them was due that did not come back.
  template <typename Lost>
  void expire(TimePoint now, Lost lost) {
    for (; first_ < next_ && now - at(first_).sent > wait_; ++first_)
      forget_first(lost);
  }
  /// Forgets all.
  template <typename Lost>
  void expire_all(Lost lost) {
    for (; first_ < next_; ++first_)
      forget_first(lost);
  }

  /// Those that may still come back.
  std::size_t under_way() const { return under_way_; }

  /// Those under way that keep others from being sent. One that is late for its lane, by the times
  /// that the others took (RFC 6298), does not: it is probably lost.
  std::size_t in_window() const { return in_window_; }
  /// Looks which ones are late.
  void move_window(TimePoint now);

 private:
  struct Sent {
    TimePoint due;
    TimePoint sent;
    bool is_back = false;
  };

  Sent& at(std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
  void grow();

  template <typename Lost>
  void forget_first(Lost lost) {
    const auto& sent = at(first_);
    if (sent.is_back) return;
    if (first_ >= window_first_) --in_window_;
    --under_way_;
    lost(sent.due);
  }

  coro::Clock::duration wait_;
  RoundTripEstimate round_trip_;
  // Numbers. All before the first are forgotten; those from the first on are in the ring, at their
  // lower bits.
  std::uint64_t first_ = 1;
  std::uint64_t window_first_ = 1;  // those under way before it are late
  std::uint64_t next_ = 1;
  std::uint64_t latest_back_ = 0;
  std::vector<Sent> ring_;  // as many as a power of two
  std::size_t under_way_ = 0;
  std::size_t in_window_ = 0;
};

}  // namespace client
