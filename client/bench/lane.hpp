#pragma once

#include <cstdint>

#include "coro/io.hpp"

namespace client {

/// A socket of a benchmark that takes turns with the others of its thread, whatever its protocol.
class Lane {
 public:
  virtual ~Lane() = default;

  /// Sends, and from now on is among the ready when it must take a turn: until the thread is
  /// stopping and everything has come back, or until it fails.
  virtual void open() = 0;
  /// Receives once and sends what may be sent then.
  virtual void take_turn() = 0;
  /// Sends what is due by now, as far as there is room. Nothing happens when it is not open.
  virtual void send_due(coro::Clock::time_point now) = 0;
  /// One message now, for a lane that sends only on demand.
  virtual void send_one(coro::Clock::time_point now) = 0;
  /// The warm-up is over: what was due in it and could not be sent is not sent any more.
  virtual void leave_out_warmup() = 0;
  /// The measured time is over: sends what is still due, and closes if nothing is left to do.
  virtual void finish(coro::Clock::time_point now) = 0;
  /// There is no time any more: receives what has arrived already, and closes. Whatever is under
  /// way then is lost. Nothing happens when it is not open.
  virtual void end() = 0;
  /// To be called now and then, for messages that may get lost: what waited too long is, and others
  /// are sent in its place.
  virtual void look_for_late(coro::Clock::time_point /*now*/) {}
  /// How many messages in the measured time are due and were never begun.
  virtual std::uint64_t never_begun() const = 0;
};

}  // namespace client
