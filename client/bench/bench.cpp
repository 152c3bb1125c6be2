#include "client/bench/bench.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "client/bench/bench_worker.hpp"
#include "client/bench/source_addresses.hpp"
#include "client/figures/bench_report.hpp"
#include "client/figures/bench_results.hpp"
#include "client/figures/plot.hpp"
#include "client/output/output.hpp"
#include "client/output/output_file.hpp"
#include "client/output/rendering.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/resolution.hpp"
#include "client/wire/run.hpp"
#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "program/descriptor_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;

constexpr auto sample_interval = 100ms;
constexpr auto progress_interval = 20ms;

std::chrono::nanoseconds cpu_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto to_duration = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
}

// The thread that people talk to: it starts the others, shows how far they are, and puts together
// what they measured.
class Bench {
 public:
  Bench(coro::Scheduler& scheduler, const Options& options)
      : scheduler_(&scheduler), options_(&options) {
    signals_.emplace(scheduler, std::initializer_list<int>{SIGINT, SIGTERM});
  }

  /// After an exception there are threads that wait for more.
  ~Bench() { shared_.stop = true; }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  Bench(Bench&&) = delete;
  Bench& operator=(Bench&&) = delete;

  void begin();
  const BenchOutcome& outcome() const { return outcome_; }

 private:
  void run(Yield yield);
  bool find_addresses(Yield yield);
  void sum_up();
  void start_threads();
  void wait_until(Yield yield, const std::atomic<std::size_t>& threads);
  void follow(Yield yield);
  bool pause(Yield yield, Clock::time_point until);
  void sample(Clock::time_point from, Clock::time_point now);
  void show_progress(Clock::time_point now);
  void hide_progress() const;
  void watch_signals(Yield yield);

  coro::Scheduler* scheduler_;
  const Options* options_;
  std::optional<coro::Signals> signals_;  // none once a further one ends the process
  coro::Task resolver_;
  Addresses addresses_;
  Pattern pattern_;
  BenchSignals shared_;
  std::vector<std::unique_ptr<BenchWorker>> workers_;
  std::vector<std::jthread> threads_;
  Clock::time_point start_;
  Clock::time_point last_sample_;
  std::uint64_t last_messages_ = 0;
  std::uint64_t last_bytes_ = 0;
  bool progress_shown_ = false;
  BenchOutcome outcome_;
};

void Bench::begin() {
  scheduler_->spawn("bench", [this](Yield yield) { run(yield); }).value();
}

void Bench::run(Yield yield) {
  const auto signals =
      scheduler_->spawn("signals", [this](Yield inner) { watch_signals(inner); }).value();
  if (find_addresses(yield)) {
    start_threads();
    wait_until(yield, shared_.ready);
    if (!shared_.stop) {
      start_ = Clock::now();
      shared_.start = start_.time_since_epoch().count();
      follow(yield);
    }
    wait_until(yield, shared_.finished);
    hide_progress();
    sum_up();
  }
  signals.cancel();
}

bool Bench::find_addresses(Yield yield) {
  if (options_->target.is_local()) return true;
  const auto resolver = scheduler_->spawn("resolve", [this](Yield inner) {
    auto addresses = resolve(inner, options_->target, options_->timeout);
    if (addresses)
      addresses_ = *addresses;
    else if (!shared_.stop)
      outcome_.results.add_failure(connect_failure(options_->target, addresses.error()));
  });
  resolver_ = resolver.value();
  static_cast<void>(resolver_.join(yield));
  return !addresses_.empty();
}

void Bench::sum_up() {
  std::uint64_t messages = 0;
  for (const auto& worker : workers_) {
    outcome_.results.merge(worker->results());
    if (worker->exception()) outcome_.results.add_failure(failure_of(worker->exception()));
    messages += worker->live_messages();
  }
  const bool churns = options_->bench.mode == BenchMode::churn;
  if (churns && had_to_search_for_ports(addresses_, messages, Clock::now() - start_)) {
    outcome_.results.add_failure(
        {FailureClass::local,
         fmt::format("this machine ran out of ports to connect from, which measures its search for "
                     "them: give --rate, or try 127.0.0.1 ({} connections)",
                     messages)});
  }
}

void Bench::start_threads() {
  const auto count = options_->bench.threads;
  for (std::size_t index = 0; index < count; ++index) {
    workers_.push_back(
        std::make_unique<BenchWorker>(index, *options_, addresses_, pattern_, shared_));
    threads_.emplace_back([&worker = *workers_.back()] { worker.run(); });
  }
}

void Bench::wait_until(Yield yield, const std::atomic<std::size_t>& threads) {
  while (threads < workers_.size() && shared_.finished < workers_.size())
    if (coro::sleep_for(yield, progress_interval)) return;
}

// ---- while it runs

void Bench::follow(Yield yield) {
  const auto from = start_ + options_->bench.warmup;
  const auto to = from + options_->bench.duration;
  while (Clock::now() < from)
    if (!pause(yield, from)) return;
  const auto cpu_before = cpu_time();
  outcome_.start = std::chrono::system_clock::now();
  sample(from, Clock::now());
  outcome_.rates.clear();  // that one was only to begin with
  // This thread may be late, but after the end nothing is sent.
  const auto now = [to] { return std::min(Clock::now(), to); };
  while (Clock::now() < to && pause(yield, to))
    if (now() - last_sample_ >= sample_interval) sample(from, now());
  if (now() - last_sample_ >= sample_interval / 2) sample(from, now());
  outcome_.elapsed = std::min(Clock::now(), to) - from;
  outcome_.cpu_time = cpu_time() - cpu_before;
}

// Shows how far it is; false if it is to end.
bool Bench::pause(Yield yield, Clock::time_point until) {
  const auto now = Clock::now();
  if (!shared_.stop) show_progress(now);
  const auto next = std::min(until, now + sample_interval);
  return !coro::sleep_for(yield, next - now) && !shared_.stop;
}

void Bench::sample(Clock::time_point from, Clock::time_point now) {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (const auto& worker : workers_) {
    messages += worker->live_messages();
    bytes += worker->live_bytes();
  }
  const double seconds = std::chrono::duration<double>(now - last_sample_).count();
  outcome_.rates.push_back({now - from, static_cast<double>(messages - last_messages_) / seconds,
                            static_cast<double>(bytes - last_bytes_) / seconds});
  last_sample_ = now;
  last_messages_ = messages;
  last_bytes_ = bytes;
}

void Bench::show_progress(Clock::time_point now) {
  if (!understands_escapes(STDERR_FILENO)) return;
  const auto& bench = options_->bench;
  const auto whole = bench.warmup + bench.duration;
  const auto text = outcome_.rates.empty() ? "warming up" : rate_text(outcome_.rates.back());
  const auto width = terminal_size(STDERR_FILENO).columns - 1;
  print_error("\r\033[K" + bench_progress_line(now - start_, whole, text, width));
  progress_shown_ = true;
}

void Bench::hide_progress() const {
  if (progress_shown_) print_error("\r\033[K");
}

// The first one ends the run, the next the wait for what is still under way; a further one ends the
// process.
void Bench::watch_signals(Yield yield) {
  constexpr int most = 2;
  while (shared_.interrupts < most) {
    if (!signals_->wait(yield)) return;
    outcome_.interrupted = true;
    shared_.stop = true;
    ++shared_.interrupts;
    resolver_.cancel();
  }
  signals_.reset();
}

BenchOutcome measure(const Options& options) try {
  coro::Scheduler scheduler;
  Bench bench(scheduler, options);
  const auto exception = exception_of_run(scheduler, [&] { bench.begin(); });
  auto outcome = bench.outcome();
  if (exception) outcome.results.add_failure(failure_of(exception));
  return outcome;
} catch (const std::exception& error) {  // not even a scheduler could be made
  BenchOutcome outcome;
  outcome.results.add_failure({FailureClass::local, error.what()});
  return outcome;
}

void fail(BenchOutcome& outcome, const Options& options, error_code error) {
  const auto failure = local_failure(*options.bench.plot, error);
  // The first failure is reported when all are known, a later one here.
  if (outcome.results.first_failure) report(failure);
  outcome.results.add_failure(failure);
}

}  // namespace

int run_bench(const Options& options) {
  program::raise_descriptor_limit();  // every connection is a descriptor
  const bool plots = options.bench.plot.has_value();
  OutputFile plot(options.bench.plot.value_or(""));
  BenchOutcome outcome;
  if (const auto error = plots ? plot.open() : error_code()) {
    fail(outcome, options, error);
  } else {
    outcome = measure(options);
    if (plots && outcome.results.latency.count() > 0) {
      if (const auto unwritten = plot.write(bench_svg(options, outcome)))
        fail(outcome, options, unwritten);
    }
  }
  if (outcome.results.first_failure) report(*outcome.results.first_failure);
  // A run that never began has been reported to people; a program gets its object or row anyway.
  const bool is_for_people = options.bench.format == BenchFormat::text;
  if (outcome.began() || outcome.interrupted || !is_for_people)
    print(bench_report(options, outcome));
  return outcome.clean() ? 0 : 1;
}

}  // namespace client
