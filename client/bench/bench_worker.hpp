#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/bench/bench_thread.hpp"
#include "client/bench/churn.hpp"
#include "client/bench/datagram_batch.hpp"
#include "client/bench/lane.hpp"
#include "client/cli/options.hpp"
#include "client/udp/datagram_socket.hpp"
#include "client/udp/datagrams.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// Signals between the threads of a benchmark.
struct BenchSignals {
  std::atomic<std::size_t> ready = 0;     ///< threads that have all their connections
  std::atomic<std::size_t> finished = 0;  ///< threads that are done
  std::atomic<bool> stop = false;         ///< end early, with what there is
  std::atomic<int> interrupts = 0;        ///< by the operator; a new one ends a drain at once
  /// When the warm-up begins, for all, as ticks of coro::Clock; 0 while not all are ready.
  std::atomic<coro::Clock::rep> start = 0;
};

/// The part of a benchmark that runs on one thread: a scheduler, and a share of the connections.
class BenchWorker {
 public:
  /// index: which one of options.bench.threads. The references must outlive it.
  BenchWorker(std::size_t index, const Options& options, const Addresses& addresses,
              const Pattern& pattern, BenchSignals& signals);

  /// Runs it all, on the calling thread.
  void run();

  /// Once run() has returned.
  const BenchResults& results() const { return state_.results; }
  /// Why it ended early, such as for lack of memory; null if it did not.
  const std::exception_ptr& exception() const { return exception_; }
  /// At any time, from any thread: since the start, the warm-up included.
  std::uint64_t live_messages() const { return state_.live_messages; }
  std::uint64_t live_bytes() const { return state_.live_bytes; }

 private:
  void conduct(coro::Yield yield);
  void open_all(coro::Yield yield);
  void open_next(coro::Yield yield);
  coro::error_code open_connection(coro::Yield yield);
  coro::error_code open_socket(bool is_first, coro::Yield yield);
  coro::error_code wait_for_echo(DatagramSocket& socket, coro::Yield yield);
  bool wait_for_start(coro::Yield yield);
  void begin();
  void serve_lanes(coro::Yield yield);
  void look_for_late(coro::Yield yield);
  void keep_time(coro::Yield yield);
  void stop(coro::Yield yield);
  coro::Clock::duration longest_drain() const;
  bool would_take_longer_than(coro::Clock::duration time) const;
  void drain(coro::Yield yield);
  void count_the_rest();
  void count_late_tasks();
  void pace(coro::Yield yield);
  void spawn(const char* name, std::function<void(coro::Yield)> body);
  std::uint64_t number_of(std::size_t connection) const;

  const Options* options_;
  const Addresses* addresses_;
  BenchSignals* signals_;
  std::size_t index_;
  std::size_t share_;  // connections of this thread
  coro::Scheduler scheduler_;
  std::vector<std::byte> scratch_;
  BenchThreadState state_;
  std::optional<DatagramBatch> batch_;  // by UDP
  std::uint32_t tag_ = Datagrams::random_tag();
  std::exception_ptr exception_;
  coro::Clock::time_point start_;
  std::size_t opening_ = 0;  // how many were begun
  std::vector<std::unique_ptr<Lane>> lanes_;
  Churn churn_;
  double most_per_second_ = 0;     // echoes
  std::vector<coro::Task> tasks_;  // that serve connections
  coro::Task pacer_;
};

}  // namespace client
