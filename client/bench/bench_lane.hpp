#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "client/bench/bench_thread.hpp"
#include "client/bench/lane.hpp"
#include "client/wire/connection.hpp"
#include "coro/condition.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// One connection of a benchmark, which keeps a number of messages under way. There is no timer, no
/// allocation and no copy for an echo: messages are sent out of the pattern and compared with it.
///
/// One of many takes turns on the stack of the coroutine that serves them all; one by itself, for a
/// single message, is run by a coroutine of its own.
class BenchLane final : public Lane, private coro::Readiness::Observer {
 public:
  /// number: of this connection among all of the benchmark. Its stream begins somewhere else in the
  /// pattern than any other's, so that an echo that goes to the wrong connection does not match.
  BenchLane(std::unique_ptr<Connection> connection, std::uint64_t number, BenchThreadState& state);
  ~BenchLane() override;
  BenchLane(const BenchLane&) = delete;
  BenchLane& operator=(const BenchLane&) = delete;
  BenchLane(BenchLane&&) = delete;
  BenchLane& operator=(BenchLane&&) = delete;

  void open() override;
  void take_turn() override;
  void send_due(coro::Clock::time_point now) override;
  void send_one(coro::Clock::time_point now) override;
  void leave_out_warmup() override;
  void finish(coro::Clock::time_point now) override;
  void end() override;
  std::uint64_t never_begun() const override;

  /// Receives what has arrived already, and closes if nothing is left to do then.
  void take_what_came();
  /// Now, whatever is under way, which is lost. Nothing happens when it is not open.
  void close();
  bool is_open() const { return open_; }

  /// One message, meant to be sent at this time, and its echo. False if it is interrupted, which
  /// counts the message as lost.
  bool run_one(coro::Clock::time_point intended, coro::Yield yield);

 private:
  void became_readable() override;
  bool may_begin(coro::Clock::time_point now) const;
  bool is_done() const;
  void begin_message(coro::Clock::time_point when);
  void send_what_may_be(coro::Clock::time_point now);
  void write();
  void write_when_possible(coro::Yield yield);
  bool receive();
  bool received(const coro::Transfer& transfer);
  std::span<const std::byte> unsent() const;
  void receive_all_that_came();
  void count_lost();
  bool take(std::span<const std::byte> echoed, coro::Clock::time_point now);
  void fail_to_send(error_code error);
  void fail(const Failure& failure);
  // Not by division, which would be the dearest instruction of an echo.
  std::size_t in_ring(std::size_t place) const {
    return place < began_.size() ? place : place - began_.size();
  }

  std::unique_ptr<Connection> connection_;  // null once it is closed
  BenchThreadState* state_;
  std::uint64_t next_;  // number of its next message in the schedule
  std::uint64_t origin_;
  // Positions in the pattern.
  std::uint64_t begun_;        // end of the last message begun
  std::uint64_t sent_;         // what the kernel has taken
  std::uint64_t received_;     // what has come back
  std::uint64_t message_end_;  // of the oldest message under way
  // A ring of the messages under way. The usual one is beside the rest: among a thousand lanes none
  // is in the cache any more when its turn comes.
  boost::container::small_vector<coro::Clock::time_point, 1> began_;
  std::size_t oldest_ = 0;
  std::size_t under_way_ = 0;
  bool waits_for_room_ = false;
  bool more_follow_;  // messages, after those under way
  bool open_ = false;
  bool failed_ = false;
  error_code send_failed_;
  coro::Task writer_;  // exists from when the socket was full for the first time
  coro::Condition full_;
};

}  // namespace client
