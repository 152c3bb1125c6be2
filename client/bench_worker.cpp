#include "client/bench_worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "client/failure.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;

constexpr auto glance = 20ms;  // how often a thread looks what the others say
constexpr std::size_t most_opening_at_once = 32;
constexpr std::size_t scratch_size = Pattern::longest;

// Where there are several threads the C library makes each of them ready to be cancelled before a
// system call and takes that back after it, by two atomic operations: four for an echo. For one
// that cannot be cancelled but asks to be at any time, it has nothing to do.
void never_be_cancelled() {
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
  ::pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
}

}  // namespace

BenchWorker::BenchWorker(std::size_t index, const Options& options, const Addresses& addresses,
                         const Pattern& pattern, BenchSignals& signals)
    : options_(&options),
      addresses_(&addresses),
      signals_(&signals),
      index_(index),
      share_(options.bench.connections / options.bench.threads +
             (index < options.bench.connections % options.bench.threads ? 1 : 0)),
      scratch_(scratch_size) {
  const auto& bench = options.bench;
  state_.scheduler = &scheduler_;
  state_.target = &options.target;
  state_.pattern = &pattern;
  state_.scratch = scratch_;
  state_.message_size = bench.size;
  state_.pipeline = bench.mode == BenchMode::idle ? 1 : bench.pipeline;
  state_.paced = bench.rate.has_value() || bench.mode == BenchMode::idle;
}

void BenchWorker::run() {
  never_be_cancelled();
  scheduler_.spawn("bench", [this](Yield yield) { conduct(yield); }).value();
  scheduler_.run();
  lanes_.clear();
  ++signals_->finished;
}

void BenchWorker::conduct(Yield yield) {
  if (options_->bench.mode != BenchMode::churn) open_all(yield);
  ++signals_->ready;
  if (!wait_for_start(yield)) return;
  begin();
  keep_time(yield);
  stop(yield);
}

// ---- before

void BenchWorker::open_all(Yield yield) {
  std::vector<coro::Task> openers;
  for (std::size_t i = 0; i < std::min(share_, most_opening_at_once); ++i) {
    openers.push_back(scheduler_
                          .spawn("open",
                                 [this](Yield inner) {
                                   while (opening_ < share_ && !signals_->stop)
                                     open_next(inner);
                                 })
                          .value());
  }
  for (const auto& opener : openers)
    (void)opener.join(yield);
}

void BenchWorker::open_next(Yield yield) {
  ++opening_;
  auto connection = connect(yield, options_->target, *addresses_, options_->timeout);
  if (!connection) {
    state_.results.add_failure(connect_failure(options_->target, connection.error()));
    signals_->stop = true;  // with fewer connections it would measure something else
    return;
  }
  ++state_.results.connections;
  state_.results.connect_times.record(connection->took);
  lanes_.push_back(
      std::make_unique<BenchLane>(std::move(connection->socket), origin_of(lanes_.size()), state_));
}

// Far apart, so that an echo that goes to the wrong connection does not match.
std::uint64_t BenchWorker::origin_of(std::size_t lane) const {
  constexpr std::uint64_t stride = 25013;
  return (index_ * share_ + lane) * stride % Pattern::period;
}

bool BenchWorker::wait_for_start(Yield yield) {
  while (signals_->start == 0 && !signals_->stop) {
    if (coro::sleep_for(yield, 1ms)) return false;
  }
  if (signals_->stop) return false;
  start_ = Clock::time_point(Clock::duration(signals_->start));
  state_.measure_from = start_ + options_->bench.warmup;
  state_.measure_to = state_.measure_from + options_->bench.duration;
  return true;
}

// ---- the benchmark

void BenchWorker::begin() {
  if (options_->bench.mode == BenchMode::churn) {
    for (std::size_t number = 0; number < share_; ++number) {
      spawn("churn", [this, number](Yield yield) { churn(number, yield); });
    }
    return;
  }
  for (const auto& lane : lanes_)
    lane->open();
  spawn("lanes", [this](Yield yield) { serve_lanes(yield); });
  if (options_->bench.rate)
    pacer_ = scheduler_.spawn("pace", [this](Yield yield) { pace(yield); }).value();
}

// One coroutine for all. With one for each, a thousand lanes had what they needed out of the cache
// when their turn came, and an echo cost a tenth more here than at the server.
void BenchWorker::serve_lanes(Yield yield) {
  std::vector<BenchLane*> round;
  while (!state_.turn.wait(yield, [this] { return !state_.ready.empty() || state_.open == 0; })) {
    if (state_.open == 0) return;
    round.swap(state_.ready);
    for (BenchLane* lane : round)
      lane->take_turn();
    round.clear();
  }
}

void BenchWorker::spawn(const char* name, std::function<void(Yield)> body) {
  tasks_.push_back(scheduler_.spawn(name, std::move(body)).value());
}

void BenchWorker::keep_time(Yield yield) {
  for (;;) {
    const auto left = state_.measure_to - Clock::now();
    if (left <= 0s) return;
    if (signals_->stop) break;
    if (coro::sleep_for(yield, std::min<Clock::duration>(left, glance))) break;
  }
  state_.measure_to = Clock::now();
}

// Nothing new is sent; what is under way may still come back. Idle connections show now that they
// live.
void BenchWorker::stop(Yield yield) {
  if (options_->bench.mode == BenchMode::idle) {
    state_.measure_to += options_->timeout;
    for (const auto& lane : lanes_)
      lane->send_due(Clock::now());
  }
  state_.stopping = true;
  pacer_.cancel();
  for (const auto& lane : lanes_)
    lane->close_if_done();
  {
    const coro::TimeLimit time(yield, options_->timeout);
    for (const auto& task : tasks_)
      (void)task.join(yield);
  }
  const auto timed_out = transfer_failure(*state_.target, boost::asio::error::timed_out, 0);
  for (const auto& lane : lanes_) {
    if (lane->is_open()) state_.results.add_failure(timed_out);
    lane->close();
  }
  for (const auto& task : tasks_) {
    if (!task.done() && lanes_.empty()) state_.results.add_failure(timed_out);
    task.cancel();
  }
}

// Time from one message to the next at the rate, if it were spread over so many of all connections.
Clock::duration BenchWorker::interval_over(std::size_t connections) const {
  const double share =
      static_cast<double>(connections) / static_cast<double>(options_->bench.connections);
  const std::chrono::duration<double> interval(1 / (*options_->bench.rate * share));
  return std::chrono::duration_cast<Clock::duration>(interval);
}

// The lanes take turns; one timer serves all.
void BenchWorker::pace(Yield yield) {
  const auto interval = interval_over(lanes_.size());
  for (std::size_t turn = 0; !state_.stopping; ++turn) {
    const auto due = start_ + interval * static_cast<std::int64_t>(turn);
    const auto now = Clock::now();
    if (due > now && coro::sleep_for(yield, due - now)) return;
    lanes_[turn % lanes_.size()]->send_due(due);
  }
}

// Connect, one echo, close; the latency is that of all of it.
void BenchWorker::churn(std::size_t number, Yield yield) {
  const bool paced = options_->bench.rate.has_value();
  const auto interval = paced ? interval_over(1) : Clock::duration();
  const auto offset =
      interval * static_cast<std::int64_t>(number) / static_cast<std::int64_t>(share_);
  for (std::int64_t round = 0; !state_.stopping; ++round) {
    const auto intended = paced ? start_ + offset + interval * round : Clock::now();
    if (paced && coro::sleep_for(yield, intended - Clock::now())) return;
    if (state_.stopping) return;
    const coro::TimeLimit time(yield, options_->timeout);
    auto connection = connect(yield, options_->target, *addresses_, options_->timeout);
    if (!connection) {
      if (connection.error() == boost::asio::error::operation_aborted) return;
      state_.results.add_failure(connect_failure(options_->target, connection.error()));
      if (coro::sleep_for(yield, glance)) return;
      continue;
    }
    if (state_.measures(Clock::now())) {
      ++state_.results.connections;
      state_.results.connect_times.record(connection->took);
    }
    BenchLane lane(std::move(connection->socket), origin_of(number), state_);
    lane.run_one(intended, yield);
  }
}

}  // namespace client
