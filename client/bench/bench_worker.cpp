#include "client/bench/bench_worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "client/wire/connect.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/run.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto glance = 20ms;           // how often a thread looks what the others say
constexpr auto datagram_glance = 5ms;   // how often datagrams are looked at
constexpr auto interrupted_drain = 1s;  // somebody waits for the results
constexpr std::size_t scratch_size = Pattern::longest;

// If there are several threads, the C library makes each of them ready to be cancelled before a
// system call and takes that back after it, by two atomic operations: four for an echo. For a
// thread with asynchronous cancellation that is disabled it has nothing to do.
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
      scratch_(scratch_size),
      churn_(options, addresses, state_) {
  const auto& bench = options.bench;
  state_.scheduler = &scheduler_;
  state_.target = &options.target;
  state_.pattern = &pattern;
  state_.scratch = scratch_;
  state_.message_size = bench.size;
  state_.pipeline = bench.mode == BenchMode::idle ? 1 : bench.pipeline;
  if (options.udp) batch_.emplace(pattern, scratch_, bench.size);
  state_.on_demand = bench.mode == BenchMode::idle || bench.mode == BenchMode::churn;
}

void BenchWorker::run() {
  never_be_cancelled();
  exception_ = exception_of_run(scheduler_, [this] {
    scheduler_.spawn("bench", [this](Yield yield) { conduct(yield); }).value();
  });
  if (exception_) signals_->stop = true;
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

// Among all of the benchmark: the threads take turns.
std::uint64_t BenchWorker::number_of(std::size_t connection) const {
  return connection * options_->bench.threads + index_;
}

bool BenchWorker::wait_for_start(Yield yield) {
  while (signals_->start == 0 && !signals_->stop)
    if (coro::sleep_for(yield, 1ms)) return false;
  if (signals_->stop) return false;
  start_ = Clock::time_point(Clock::duration(signals_->start));
  state_.measure_from = start_ + options_->bench.warmup;
  state_.measure_to = state_.measure_from + options_->bench.duration;
  const auto& bench = options_->bench;
  if (bench.rate) state_.schedule.emplace(start_, *bench.rate, bench.connections);
  return true;
}

// ---- the benchmark

void BenchWorker::begin() {
  if (options_->bench.mode == BenchMode::churn) {
    for (std::size_t connection = 0; connection < share_; ++connection) {
      spawn("churn",
            [this, number = number_of(connection)](Yield yield) { churn_.run(number, yield); });
    }
    return;
  }
  for (const auto& lane : lanes_)
    lane->open();
  spawn("lanes", [this](Yield yield) { serve_lanes(yield); });
  if (options_->udp) spawn("late", [this](Yield yield) { look_for_late(yield); });
  if (state_.schedule)
    pacer_ = scheduler_.spawn("pace", [this](Yield yield) { pace(yield); }).value();
}

// One coroutine for all. With one for each, a thousand lanes had what they needed out of the cache
// when their turn came, and an echo cost a tenth more here than at the server.
void BenchWorker::serve_lanes(Yield yield) {
  std::vector<Lane*> round;
  while (!state_.turn.wait(yield, [this] { return !state_.ready.empty() || state_.open == 0; })) {
    if (state_.open == 0) return;
    round.swap(state_.ready);
    for (Lane* lane : round)
      lane->take_turn();
    round.clear();
  }
}

// One coroutine and one timer for all datagrams.
void BenchWorker::look_for_late(Yield yield) {
  while (state_.open > 0 && !coro::sleep_for(yield, datagram_glance)) {
    const auto now = Clock::now();
    for (const auto& lane : lanes_)
      lane->look_for_late(now);
  }
}

void BenchWorker::spawn(const char* name, std::function<void(Yield)> body) {
  tasks_.push_back(scheduler_.spawn(name, std::move(body)).value());
}

// Also keeps the best rate, which is what the service can do.
void BenchWorker::keep_time(Yield yield) {
  auto last = Clock::now();
  for (std::uint64_t messages = 0;;) {
    const auto left = state_.measure_to - Clock::now();
    if (left <= 0s) return;
    if (signals_->stop) break;
    if (coro::sleep_for(yield, std::min<Clock::duration>(left, glance))) break;
    const auto now = Clock::now();
    const std::chrono::duration<double> took(now - std::exchange(last, now));
    const auto echoes = live_messages() - std::exchange(messages, live_messages());
    most_per_second_ = std::max(most_per_second_, static_cast<double>(echoes) / took.count());
  }
  state_.measure_to = Clock::now();
}

// Nothing more is due, but what is due is still sent and may still come back. Idle connections show
// now that they live.
void BenchWorker::stop(Yield yield) {
  const auto now = Clock::now();
  if (options_->bench.mode == BenchMode::idle) {
    state_.measure_to = now + options_->timeout;
    for (const auto& lane : lanes_)
      lane->send_one(now);
  }
  state_.over = true;
  state_.stopping = !state_.schedule || would_take_longer_than(longest_drain());
  pacer_.cancel();
  churn_.end();
  if (signals_->stop) churn_.give_up_connecting();
  for (const auto& lane : lanes_)
    lane->finish(now);
  drain(yield);
  state_.stopping = true;
  count_the_rest();
}

Clock::duration BenchWorker::longest_drain() const {
  if (!signals_->stop) return std::max(options_->timeout, options_->udp ? options_->wait : 0s);
  return std::min<Clock::duration>(options_->timeout, interrupted_drain);
}

// Messages that are due and unsent would take too long even at the best rate so far.
bool BenchWorker::would_take_longer_than(Clock::duration time) const {
  auto waiting = churn_.never_begun();
  for (const auto& lane : lanes_)
    waiting += lane->never_begun();
  const auto possible = most_per_second_ * std::chrono::duration<double>(time).count();
  return most_per_second_ > 0 && static_cast<double>(waiting) > possible;
}

void BenchWorker::drain(Yield yield) {
  const int interrupts = signals_->interrupts;
  const auto end = Clock::now() + longest_drain();
  for (const auto& task : tasks_) {
    while (!task.done()) {
      const auto left = end - Clock::now();
      if (left <= 0s || signals_->interrupts != interrupts) return;
      const coro::TimeLimit time(yield, std::min<Clock::duration>(left, glance));
      static_cast<void>(task.join(yield));
    }
  }
}

void BenchWorker::count_the_rest() {
  for (const auto& lane : lanes_) {
    lane->end();
    (options_->udp ? state_.results.datagrams.unsent : state_.results.lost) += lane->never_begun();
  }
  if (lanes_.empty()) count_late_tasks();
  for (const auto& task : tasks_)
    task.cancel();
  state_.results.lost += churn_.never_begun();
}

// A connection that an interrupt gives up has not had its time.
void BenchWorker::count_late_tasks() {
  auto late = static_cast<std::size_t>(
      std::ranges::count_if(tasks_, [](const coro::Task& task) { return !task.done(); }));
  if (signals_->stop) late -= std::min(late, churn_.connecting());
  const auto timed_out = transfer_failure(*state_.target, error::timed_out, 0);
  for (; late > 0; --late)
    state_.results.add_failure(timed_out);
}

// One timer serves all lanes. A lane that is busy when a message is due sends it later by itself;
// so at a rate that cannot be reached each is looked at now and then, not once for each message.
void BenchWorker::pace(Yield yield) {
  const auto& schedule = *state_.schedule;
  const std::uint64_t lanes = lanes_.size();
  const std::uint64_t connections = options_->bench.connections;
  const auto due = [&](std::uint64_t turn) {
    return schedule.due(turn / lanes * connections + number_of(turn % lanes));
  };
  bool measures = false;
  for (std::uint64_t turn = 0; !state_.over;) {
    const auto now = Clock::now();
    if (now >= state_.measure_from && !std::exchange(measures, true))
      for (const auto& lane : lanes_)
        lane->leave_out_warmup();
    if (due(turn) > now) {
      if (coro::sleep_for(yield, due(turn) - now)) return;
      continue;
    }
    for (std::uint64_t looked_at = 0; looked_at < lanes && due(turn) <= now; ++looked_at)
      lanes_[turn++ % lanes]->send_due(now);
    if (due(turn) <= now) {
      turn = std::max(turn, schedule.due_before(now) / connections * lanes);
      yield.now();
    }
  }
}

}  // namespace client
