#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

#include "client/bench/bench_thread.hpp"
#include "client/bench/datagram_batch.hpp"
#include "client/bench/lane.hpp"
#include "client/udp/datagram_socket.hpp"
#include "client/udp/sent_datagrams.hpp"
#include "coro/readiness.hpp"

namespace client {

/// One socket of a benchmark by UDP. With a schedule it sends each datagram when it is due, however
/// many are under way; without one it keeps a number of them under way. A datagram that is late
/// holds up no other.
class DatagramLane final : public Lane, private coro::Readiness::Observer {
 public:
  /// number: of this socket among all of the benchmark. tag: of the benchmark. The payloads have
  /// one of their own for each socket, so that an echo that goes to the wrong one is not taken.
  /// wait: an echo that takes longer is lost.
  DatagramLane(std::unique_ptr<DatagramSocket> socket, std::uint64_t number, std::uint32_t tag,
               coro::Clock::duration wait, DatagramBatch& batch, BenchThreadState& state);

  void open() override;
  void take_turn() override;
  void send_due(coro::Clock::time_point now) override;
  void send_one(coro::Clock::time_point now) override;
  void leave_out_warmup() override;
  void finish(coro::Clock::time_point now) override;
  void end() override;
  std::uint64_t never_begun() const override;
  void look_for_late(coro::Clock::time_point now) override;

 private:
  void became_readable() override;
  bool receive(std::size_t most);
  void take(std::size_t index, coro::Clock::time_point now);
  void take_echo(const DatagramBatch::Received& received, coro::Clock::time_point now);
  bool is_due(std::uint64_t number, coro::Clock::time_point now) const;
  bool may_add(std::uint64_t number, coro::Clock::time_point now) const;
  bool is_done() const;
  void send_what_may_be(coro::Clock::time_point now);
  void took(coro::Clock::time_point now);
  void take_errors();
  void report_once(const Failure& failure);
  void lose(coro::Clock::time_point due);
  void close();

  std::unique_ptr<DatagramSocket> socket_;  // null once it is closed
  DatagramBatch* batch_;
  BenchThreadState* state_;
  std::uint64_t next_due_;  // number of its next datagram in the schedule
  std::uint32_t tag_;
  SentDatagrams sent_;
  bool open_ = false;
  std::set<FailureClass> reported_;
};

}  // namespace client
