#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "coro/time_limit.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"

namespace server {

/// How one connection misbehaves on purpose, for those who test their own clients against it.
class Faults {
 public:
  /// Null if the configuration wants none, which is the rule: a session without faults pays one
  /// pointer.
  static std::unique_ptr<Faults> make(const FaultsConfig& config, coro::Yield yield);

  Faults(const FaultsConfig& config, coro::Yield yield);

  /// How many bytes to read at once, at most `size`: a trickle is read as slowly as it is sent, and
  /// nothing is read that the connection is closed before.
  std::size_t read_size(std::size_t size, std::uint64_t received) const;

  /// Waits as long as the echo of so many bytes is to be held back, or until the coroutine is
  /// cancelled.
  void hold_back(std::size_t bytes, coro::Yield yield) const;

  /// The connection is to be reset once something was received.
  bool resets() const { return resets_; }

  /// The connection is to be closed, since so many bytes were received or since its time is up.
  bool closes(std::uint64_t received) const;

 private:
  FaultsConfig config_;  // a copy: a reload changes the faults of later connections only
  bool resets_;          // drawn once, at the beginning
  // close_after as a time. It interrupts whatever the session waits for, so the session destroys
  // its Faults before it says goodbye.
  std::optional<coro::TimeLimit> life_;
};

}  // namespace server
