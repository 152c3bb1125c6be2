#include "client/figures/bench_results.hpp"

namespace client {
namespace {

double per_second(std::uint64_t count, std::chrono::nanoseconds time) {
  const double seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

}  // namespace

void DatagramCounts::merge(const DatagramCounts& other) {
  sent += other.sent;
  unsent += other.unsent;
  duplicates += other.duplicates;
  reordered += other.reordered;
  late += other.late;
  changed += other.changed;
  foreign += other.foreign;
  overflowed += other.overflowed;
}

void BenchResults::count_opening(const ConnectionFacts& facts) {
  ++connections;
  connect_times.record(facts.connect_time);
  if (facts.handshake_time) handshake_times.record(*facts.handshake_time);
}

void BenchResults::add_failure(const Failure& failure) {
  ++failures[failure.kind];
  if (!first_failure) first_failure = failure;
}

void BenchResults::merge(const BenchResults& other) {
  connections += other.connections;
  messages += other.messages;
  messages_in_time += other.messages_in_time;
  bytes += other.bytes;
  lost += other.lost;
  latency.merge(other.latency);
  connect_times.merge(other.connect_times);
  handshake_times.merge(other.handshake_times);
  for (const auto& [kind, count] : other.failures)
    failures[kind] += count;
  if (!first_failure) first_failure = other.first_failure;
  datagrams.merge(other.datagrams);
}

double BenchOutcome::messages_per_second() const {
  return per_second(results.messages_in_time, elapsed);
}

double BenchOutcome::handshakes_per_second() const {
  return per_second(results.handshake_times.count(), elapsed);
}

double BenchOutcome::bytes_per_second() const {
  return per_second(results.bytes, elapsed);
}

}  // namespace client
