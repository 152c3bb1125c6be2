#include "client/bench/bench_thread.hpp"

namespace client {
namespace {

using coro::Clock;

// One writer only: no atomic read-modify-write is needed.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

void BenchThreadState::count_bytes(std::size_t size, Clock::time_point now) {
  add(live_bytes, size);
  if (measures(now)) results.bytes += size;
}

void BenchThreadState::count_message(Clock::time_point began, Clock::time_point now) {
  add(live_messages, 1);
  if (measures(now)) ++results.messages_in_time;
  if (!measures(began)) return;
  ++results.messages;
  results.latency.record(now - began);
}

// By a schedule it is known how many there are to be.
void BenchThreadState::count_lost(Clock::time_point began) {
  if (!schedule || measures(began)) ++results.lost;
}

}  // namespace client
