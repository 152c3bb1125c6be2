#include "client/ping/ping_run.hpp"

#include <algorithm>
#include <chrono>

#include "client/output/output.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;

constexpr auto longest_delay = 10ms;  // of a timer that is merely late
constexpr auto pause = 10ms;          // where echoes follow without an interval, but cannot be sent

}  // namespace

int PingRun::exit_status() const {
  const auto& ping = options().ping;
  if (ping.check) {
    Check result = check();
    // Status 1, which main() would return then, is a warning to a monitoring system.
    if (result.state == CheckState::ok && print_failure()) result.state = CheckState::unknown;
    return result.exit_status();
  }
  const bool too_few = ping.count && ping.deadline && tally_.received < *ping.count;
  return tally_.clean() && !too_few ? 0 : 1;
}

void PingRun::send_all(Yield yield) {
  const auto late =
      scheduler().spawn("late", [this](Yield inner) { give_up_on_late(inner); }).value();
  send_until_the_count(yield);
  late.cancel();
}

void PingRun::send_until_the_count(Yield yield) {
  const auto& ping = options().ping;
  started_ = Clock::now();
  next_ = started_;
  for (std::uint64_t number = 1; !was_interrupted(); ++number) {
    send(number, yield);
    if (number == ping.count) break;
    if (wait_for_next(yield)) return;
  }
  // Echoes under way come back, or are given up in time.
  static_cast<void>(changed_.wait(yield, [this] { return none_under_way(); }));
}

// Until the next one is to be sent. The lateness of a timer is made up for, but not a time in which
// there was no connection or the process stood still: sent all at once afterwards, pings would hide
// the loss of the others.
coro::error_code PingRun::wait_for_next(Yield yield) {
  const auto interval = options().ping.interval;
  if (interval > Duration::zero()) {
    const auto now = Clock::now();
    next_ += interval;
    if (next_ < now - longest_delay) next_ = now + interval;
    return coro::sleep_for(yield, next_ - now);
  }
  if (const auto interrupted = changed_.wait(yield, [this] { return none_under_way(); }))
    return interrupted;
  return is_open() ? coro::error_code() : coro::sleep_for(yield, pause);
}

void PingRun::sent(Clock::time_point at) {
  ++tally_.sent;
  echoes_.sent(at);
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
    if (coro::sleep_for(yield, oldest.at + options().wait - Clock::now())) return;
    const auto now_oldest = echoes_.oldest();
    const bool still_there = now_oldest && now_oldest->number == oldest.number;
    if (!still_there) continue;
    show(report().lost(oldest.number, options().wait));
    lose_oldest();
  }
}

PingTally PingRun::tally_so_far() const {
  auto tally = tally_;
  tally.under_way = echoes_.under_way();
  tally.elapsed = Clock::now() - started_;
  if (tally.datagrams) tally.datagrams->jitter = echoes_.jitter();
  return tally;
}

std::string PingRun::summary() const {
  if (options().ping.check) return check().line;
  return report().summary(options().target, tally_so_far());
}

Check PingRun::check() const {
  return client::check(options(), tally_so_far(), first_failure(), was_interrupted());
}

}  // namespace client
