#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "client/bench/pattern.hpp"
#include "client/bench/schedule.hpp"
#include "client/figures/bench_results.hpp"
#include "client/wire/target.hpp"
#include "coro/condition.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"

namespace client {

class Lane;

/// Shared by all lanes of a thread.
struct BenchThreadState {
  coro::Scheduler* scheduler = nullptr;
  const Target* target = nullptr;
  const Pattern* pattern = nullptr;
  std::span<std::byte> scratch;  ///< received into, compared, forgotten: one for all
  std::size_t message_size = 0;
  std::size_t pipeline = 1;
  /// With it messages are sent when they are due, otherwise when there is room.
  std::optional<Schedule> schedule;
  bool on_demand = false;  ///< lanes begin only what they are asked for
  bool over = false;       ///< the measured time is: lanes close when nothing is left to do
  bool stopping = false;   ///< nothing new is sent
  coro::Clock::time_point measure_from;
  coro::Clock::time_point measure_to;
  std::vector<Lane*> ready;  ///< lanes whose turn has come
  std::size_t open = 0;      ///< lanes that take turns and are not over
  coro::Condition turn;      ///< one of these two has changed
  BenchResults results;
  /// Read by the thread that shows the progress.
  std::atomic<std::uint64_t> live_messages = 0;
  std::atomic<std::uint64_t> live_bytes = 0;

  bool measures(coro::Clock::time_point time) const {
    return time >= measure_from && time < measure_to;
  }
  void count_bytes(std::size_t size, coro::Clock::time_point now);
  /// began: when it was sent or, by the schedule, meant to be sent, which decides whether it is
  /// measured.
  void count_message(coro::Clock::time_point began, coro::Clock::time_point now);
  void count_lost(coro::Clock::time_point began);
};

}  // namespace client
