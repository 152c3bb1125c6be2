#include "client/ping/ping.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <csignal>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "client/output/output.hpp"
#include "client/ping/ping_report.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/link.hpp"
#include "client/wire/run.hpp"
#include "coro/condition.hpp"
#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto between_connections = 10ms;  // where echoes follow without an interval

// Different for every echo, so that one that comes back twice, or in another's place, is noticed.
std::string payload(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>((number * 31 + i) & 0xffU);
  return bytes;
}

// One coroutine sends, the link's receives, one gives up on what is late, one listens for signals.
class Ping {
 public:
  Ping(coro::Scheduler& scheduler, const Options& options);

  void begin();
  int exit_status() const;

 private:
  struct Sent {
    std::uint64_t number = 0;
    Clock::time_point at;
  };

  void run(Yield yield);
  bool ping_until_the_end(Yield yield);
  void send_all(Yield yield);
  coro::error_code wait_for_next(std::uint64_t number, Yield yield);
  bool open(Yield yield);
  void send(std::uint64_t number, Yield yield);
  void returned(std::uint64_t number, const Exchange::Reply& reply);
  void give_up_on_late(Yield yield);
  void lose_oldest();
  void link_lost(const Failure& failure);
  void watch_signals(Yield yield);
  PingTally tally() const;
  void end();
  void show(const std::string& line);
  void show_always(const std::string& line);

  coro::Scheduler* scheduler_;
  const Options* options_;
  PingReport report_;
  Link link_;
  coro::Signals signals_;
  std::deque<Sent> under_way_;  // the oldest first
  coro::Condition changed_;     // under_way_ has
  PingTally tally_;
  Clock::time_point started_ = Clock::now();
  coro::Task main_;
  bool interrupted_ = false;
  bool connected_once_ = false;
};

Ping::Ping(coro::Scheduler& scheduler, const Options& options)
    : scheduler_(&scheduler),
      options_(&options),
      report_(options.ping.json),
      link_(scheduler, options.target, [this](const Failure& failure) { link_lost(failure); }),
      signals_(scheduler, {SIGINT, SIGTERM, SIGQUIT}) {}

void Ping::begin() {
  main_ = scheduler_->spawn("ping", [this](Yield yield) { run(yield); }).value();
}

int Ping::exit_status() const {
  const auto& ping = options_->ping;
  const bool too_few = ping.count && ping.deadline && tally_.received < *ping.count;
  return tally_.clean() && !too_few ? 0 : 1;
}

void Ping::run(Yield yield) {
  const auto signals =
      scheduler_->spawn("signals", [this](Yield inner) { watch_signals(inner); }).value();
  const auto late =
      scheduler_->spawn("late", [this](Yield inner) { give_up_on_late(inner); }).value();
  const bool has_results = ping_until_the_end(yield);
  // A failure to connect has been reported. A program gets its last object all the same.
  if (has_results || interrupted_ || options_->ping.json)
    show_always(report_.summary(options_->target, tally()));
  link_.close();
  late.cancel();
  signals.cancel();
}

// False if there could be no connection. The deadline counts from the very beginning.
bool Ping::ping_until_the_end(Yield yield) {
  std::optional<coro::TimeLimit> deadline;
  if (options_->ping.deadline) deadline.emplace(yield, *options_->ping.deadline);
  const bool connected = open(yield);
  if (connected) send_all(yield);
  if (connected || !deadline || !deadline->expired()) return connected;
  link_lost({FailureClass::timeout,
             fmt::format("no connection to {} by the --deadline", options_->target.name())});
  return true;
}

void Ping::send_all(Yield yield) {
  const auto& ping = options_->ping;
  started_ = Clock::now();
  for (std::uint64_t number = 1; !interrupted_; ++number) {
    send(number, yield);
    if (number == ping.count) break;
    if (wait_for_next(number, yield)) return;
  }
  // Echoes under way come back, or are given up in time.
  static_cast<void>(changed_.wait(yield, [this] { return under_way_.empty(); }));
}

// Until the one after this number is to be sent.
coro::error_code Ping::wait_for_next(std::uint64_t number, Yield yield) {
  const auto interval = options_->ping.interval;
  if (interval > Duration::zero()) {
    const auto next = started_ + interval * static_cast<std::int64_t>(number);
    return coro::sleep_for(yield, next - Clock::now());
  }
  if (const auto interrupted = changed_.wait(yield, [this] { return under_way_.empty(); }))
    return interrupted;
  return link_.is_open() ? coro::error_code() : coro::sleep_for(yield, between_connections);
}

bool Ping::open(Yield yield) {
  const auto limit = connected_once_ ? options_->ping.wait : options_->timeout;
  if (const auto error = link_.open(yield, limit)) {
    if (error != error::operation_aborted) link_lost(connect_failure(options_->target, error));
    return false;
  }
  connected_once_ = true;
  tally_.connect_times.record(link_.connect_time());
  const auto& peer = link_.peer();
  show(report_.connected({peer.address().to_string(), std::to_string(peer.port())},
                         link_.connect_time()));
  return true;
}

void Ping::send(std::uint64_t number, Yield yield) {
  const bool ready = link_.is_open() || open(yield);
  if (interrupted_) return;
  ++tally_.sent;
  under_way_.push_back({number, Clock::now()});
  if (!ready) return lose_oldest();
  changed_.notify_all();
  // A server that takes nothing any more is not waited for: the echo is given up like any that is
  // late.
  const coro::TimeLimit time(yield, options_->ping.wait);
  static_cast<void>(link_.send(
      payload(number, options_->ping.size),
      [this, number](const Exchange::Reply& reply) { returned(number, reply); }, yield));
}

void Ping::returned(std::uint64_t number, const Exchange::Reply& reply) {
  const bool late = under_way_.empty() || under_way_.front().number != number;
  if (!late) {
    under_way_.pop_front();
    ++tally_.received;
    tally_.round_trips.record(reply.round_trip);
    changed_.notify_all();
  }
  show(report_.reply(number, reply.bytes.size(), reply.round_trip, late));
}

// All wait equally long, so it is always the oldest that is due next.
void Ping::give_up_on_late(Yield yield) {
  while (!changed_.wait(yield, [this] { return !under_way_.empty(); })) {
    const auto due = under_way_.front().at + options_->ping.wait;
    const auto number = under_way_.front().number;
    if (coro::sleep_for(yield, due - Clock::now())) return;
    const bool still_there = !under_way_.empty() && under_way_.front().number == number;
    if (!still_there) continue;
    show(report_.lost(number, options_->ping.wait));
    lose_oldest();
  }
}

void Ping::lose_oldest() {
  ++tally_.lost;
  under_way_.pop_front();
  changed_.notify_all();
}

// With the connection goes everything that was under way. A byte may also be wrong because nothing
// was: one too many.
void Ping::link_lost(const Failure& failure) {
  report(failure);
  if (options_->ping.json) show_always(report_.failed(failure));
  if (failure.kind == FailureClass::mismatch) {
    ++tally_.mismatched;
    if (!under_way_.empty()) under_way_.pop_front();
  }
  tally_.lost += under_way_.size();
  under_way_.clear();
  changed_.notify_all();
}

void Ping::watch_signals(Yield yield) {
  while (const auto signal = signals_.wait(yield)) {
    if (*signal == SIGQUIT) {
      print_error(report_.summary(options_->target, tally()) + '\n');
      continue;
    }
    if (::isatty(STDOUT_FILENO) == 1) print("\n");  // after the ^C
    end();
  }
}

void Ping::end() {
  interrupted_ = true;
  main_.cancel();
}

PingTally Ping::tally() const {
  auto tally = tally_;
  tally.under_way = under_way_.size();
  tally.elapsed = Clock::now() - started_;
  return tally;
}

void Ping::show(const std::string& line) {
  if (!options_->ping.quiet) show_always(line);
}

void Ping::show_always(const std::string& line) {
  print(line + '\n');
  if (print_failure()) end();
}

}  // namespace

int run_ping(const Options& options) {
  coro::Scheduler scheduler;
  Ping ping(scheduler, options);
  run_to_end(scheduler, [&] { ping.begin(); });
  return ping.exit_status();
}

}  // namespace client
