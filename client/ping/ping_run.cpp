#include "client/ping/ping_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "client/output/output.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;

constexpr auto between_connections = 10ms;  // where echoes follow without an interval

}  // namespace

PingRun::PingRun(coro::Scheduler& scheduler, const Options& options)
    : scheduler_(&scheduler),
      options_(&options),
      report_(options.ping.json),
      signals_(scheduler, {SIGINT, SIGTERM, SIGQUIT}) {}

void PingRun::begin() {
  main_ = scheduler_->spawn("ping", [this](Yield yield) { run(yield); }).value();
}

int PingRun::exit_status() const {
  const auto& ping = options_->ping;
  const bool too_few = ping.count && ping.deadline && tally_.received < *ping.count;
  return tally_.clean() && !too_few ? 0 : 1;
}

void PingRun::run(Yield yield) {
  const auto signals =
      scheduler_->spawn("signals", [this](Yield inner) { watch_signals(inner); }).value();
  const auto late =
      scheduler_->spawn("late", [this](Yield inner) { give_up_on_late(inner); }).value();
  const bool has_results = ping_until_the_end(yield);
  // A failure to connect has been reported. A program gets its last object all the same.
  if (has_results || interrupted_ || options_->ping.json) show_always(summary());
  close();
  late.cancel();
  signals.cancel();
}

// False if there could be no connection. The deadline counts from the very beginning.
bool PingRun::ping_until_the_end(Yield yield) {
  std::optional<coro::TimeLimit> deadline;
  if (options_->ping.deadline) deadline.emplace(yield, *options_->ping.deadline);
  const bool opened = open(yield);
  if (opened) send_all(yield);
  if (opened || !deadline || !deadline->expired()) return opened;
  show_failure({FailureClass::timeout,
                fmt::format("no connection to {} by the --deadline", options_->target.name())});
  return true;
}

void PingRun::send_all(Yield yield) {
  const auto& ping = options_->ping;
  started_ = Clock::now();
  for (std::uint64_t number = 1; !interrupted_; ++number) {
    send(number, yield);
    if (number == ping.count) break;
    if (wait_for_next(number, yield)) return;
  }
  // Echoes under way come back, or are given up in time.
  static_cast<void>(changed_.wait(yield, [this] { return none_under_way(); }));
}

// Until the one after this number is to be sent.
coro::error_code PingRun::wait_for_next(std::uint64_t number, Yield yield) {
  const auto interval = options_->ping.interval;
  if (interval > Duration::zero()) {
    const auto next = started_ + interval * static_cast<std::int64_t>(number);
    return coro::sleep_for(yield, next - Clock::now());
  }
  if (const auto interrupted = changed_.wait(yield, [this] { return none_under_way(); }))
    return interrupted;
  return is_open() ? coro::error_code() : coro::sleep_for(yield, between_connections);
}

void PingRun::sent() {
  ++tally_.sent;
  echoes_.sent(Clock::now());
  changed_.notify_all();
}

Sequence::Arrived PingRun::received(std::uint64_t number) {
  const auto arrived = echoes_.arrived(number, Clock::now());
  if (arrived.arrival == Sequence::Arrival::received) {
    ++tally_.received;
    tally_.round_trips.record(arrived.round_trip);
    changed_.notify_all();
  }
  return arrived;
}

void PingRun::mismatched(std::optional<std::uint64_t> number) {
  ++tally_.mismatched;
  if (number && echoes_.settle(*number)) changed_.notify_all();
}

void PingRun::lose_oldest() {
  ++tally_.lost;
  echoes_.lose_oldest();
  changed_.notify_all();
}

void PingRun::lose(std::uint64_t number) {
  if (!echoes_.settle(number)) return;
  ++tally_.lost;
  changed_.notify_all();
}

// All wait equally long, so it is always the oldest that is due next.
void PingRun::give_up_on_late(Yield yield) {
  while (!changed_.wait(yield, [this] { return !none_under_way(); })) {
    const auto oldest = *echoes_.oldest();
    if (coro::sleep_for(yield, oldest.at + options_->wait - Clock::now())) return;
    const auto now_oldest = echoes_.oldest();
    const bool still_there = now_oldest && now_oldest->number == oldest.number;
    if (!still_there) continue;
    show(report_.lost(oldest.number, options_->wait));
    lose_oldest();
  }
}

void PingRun::watch_signals(Yield yield) {
  while (const auto signal = signals_.wait(yield)) {
    if (*signal == SIGQUIT) {
      print_error(summary() + '\n');
      continue;
    }
    if (::isatty(STDOUT_FILENO) == 1) print("\n");  // after the ^C
    end();
  }
}

void PingRun::end() {
  interrupted_ = true;
  main_.cancel();
}

std::string PingRun::summary() const {
  auto tally = tally_;
  tally.under_way = echoes_.under_way();
  tally.elapsed = Clock::now() - started_;
  if (tally.datagrams) tally.datagrams->jitter = echoes_.jitter();
  return report_.summary(options_->target, tally);
}

void PingRun::show_failure(const Failure& failure) {
  client::report(failure);
  if (options_->ping.json) show_always(report_.failed(failure));
}

void PingRun::show(const std::string& line) {
  if (!options_->ping.quiet) show_always(line);
}

void PingRun::show_always(const std::string& line) {
  print(line + '\n');
  if (print_failure()) end();
}

}  // namespace client
