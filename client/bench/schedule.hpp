#pragma once

#include <cstdint>

#include "coro/io.hpp"

namespace client {

/// When the messages of a benchmark with a rate are due: at even intervals over all connections of
/// all threads, which take turns. Nothing is kept for a message, so that any rate will do.
class Schedule {
 public:
  /// rate: messages a second, more than 0. connections: all of them.
  Schedule(coro::Clock::time_point start, double rate, std::uint64_t connections);

  /// Of the message with this number, counted from 0 over all connections.
  coro::Clock::time_point due(std::uint64_t number) const {
    return start_ + coro::Clock::duration(
                        static_cast<coro::Clock::rep>(static_cast<double>(number) * interval_));
  }
  /// The message of the same connection that follows.
  std::uint64_t after(std::uint64_t number) const { return number + connections_; }
  /// How many are due before this time, which is also the number of the next one.
  std::uint64_t due_before(coro::Clock::time_point time) const;
  /// The first message of the connection, from this one of its on, that is due at this time or
  /// later.
  std::uint64_t from(std::uint64_t number, coro::Clock::time_point time) const;
  /// How many of one connection are due from one time on and before the other, beginning with
  /// this number, its next one.
  std::uint64_t count(std::uint64_t next, coro::Clock::time_point from,
                      coro::Clock::time_point to) const;

 private:
  coro::Clock::time_point start_;
  double interval_;  // nanoseconds; not a whole number of them
  std::uint64_t connections_;
};

}  // namespace client
