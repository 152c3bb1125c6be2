#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "coro/io.hpp"
#include "coro/time_limit.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"

namespace server {

/// The faults of one connection, as they were drawn when it began.
struct FaultsState {
  FaultsConfig config = {};
  bool resets = false;
  std::optional<std::chrono::nanoseconds> life_left = {};  ///< until close_after
};

/// How one connection misbehaves on purpose, for those who test their own clients against it.
class Faults {
 public:
  /// Null if the configuration wants none, which is the rule: a session without faults pays one
  /// pointer.
  static std::unique_ptr<Faults> make(const FaultsConfig& config, coro::Yield yield);

  Faults(const FaultsConfig& config, coro::Yield yield);
  /// Those of a connection that another program has served until now.
  Faults(const FaultsState& state, coro::Yield yield);

  FaultsState state() const;

  /// How many bytes to read at once, at most `size`: a trickle is read as slowly as it is sent, and
  /// nothing is read that the connection is closed before.
  std::size_t read_size(std::size_t size, std::uint64_t received) const;

  /// How long the echo of so many bytes is to be held back, drawn anew each time.
  std::chrono::nanoseconds delay_of(std::size_t bytes) const;

  /// Waits so long, or until the coroutine is cancelled. Meanwhile `bytes` are held_back().
  void hold_back(std::string_view bytes, std::chrono::nanoseconds delay, coro::Yield yield);
  std::string_view held_back() const { return held_back_; }
  /// How long they will be; 0 if they are overdue.
  std::chrono::nanoseconds held_back_for() const;

  /// The connection is to be reset once something was received.
  bool resets() const { return resets_; }

  /// The connection is to be closed, since so many bytes were received or since its time is up.
  bool closes(std::uint64_t received) const;

 private:
  void live_for(std::chrono::nanoseconds time, coro::Yield yield);

  FaultsConfig config_;  // a copy: a reload changes the faults of later connections only
  bool resets_;          // drawn once, at the beginning
  std::string_view held_back_;
  coro::Clock::time_point held_back_until_;
  coro::Clock::time_point life_ends_;
  // close_after as a time, and when that is over. It interrupts whatever the session waits for, so
  // the session destroys its Faults before it says goodbye.
  std::optional<coro::TimeLimit> life_;
};

}  // namespace server
