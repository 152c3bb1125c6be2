#include "server/session/reaper.hpp"

#include <iterator>

#include "coro/time_limit.hpp"

namespace server {
namespace {

constexpr auto never = coro::Clock::time_point::max();

}  // namespace

void Reaper::Entry::enter(Reaper& reaper) {
  // Otherwise the reaper sleeps until somebody is due who waits longer, and will find this one
  // then.
  const bool reaper_must_know = reaper.entries_.empty() && reaper.timeout_.count() != 0;
  unlink();
  since_ = coro::Clock::now();
  reaper.entries_.push_back(*this);
  if (reaper_must_know) reaper.changed_.notify_one();
}

// Nearly always behind all others: a program takes over those who have waited longest first.
void Reaper::Entry::wait_in(Reaper& reaper, coro::Clock::time_point since) {
  leave();
  timed_out_ = false;
  since_ = since;
  auto next = reaper.entries_.end();
  while (next != reaper.entries_.begin() && std::prev(next)->since_ > since)
    --next;
  const bool is_first = next == reaper.entries_.begin();
  reaper.entries_.insert(next, *this);
  if (is_first) reaper.changed_.notify_one();
}

std::optional<coro::Clock::time_point> Reaper::Entry::since(const Reaper& reaper) const {
  if (reaper.timeout_.count() == 0) return std::nullopt;
  if (!is_linked() && !timed_out_) return std::nullopt;
  return since_;
}

void Reaper::set_timeout(std::chrono::milliseconds timeout) {
  if (timeout_.count() == 0) {
    // Nobody has kept note of when they began.
    for (Entry& entry : entries_)
      entry.since_ = coro::Clock::now();
  }
  timeout_ = timeout;
  changed_.notify_one();
}

void Reaper::run(coro::Yield yield) {
  for (;;) {
    const auto due = next_due();
    if (due == never) {
      if (changed_.wait(yield)) return;
    } else {
      const coro::TimeLimit limit(yield, due - coro::Clock::now());
      if (changed_.wait(yield) && !limit.expired()) return;
    }
    time_out_overdue(coro::Clock::now());
  }
}

coro::Clock::time_point Reaper::next_due() const {
  if (timeout_.count() == 0 || entries_.empty()) return never;
  return entries_.front().since_ + timeout_;
}

void Reaper::time_out_overdue(coro::Clock::time_point now) {
  if (timeout_.count() == 0) return;
  while (!entries_.empty()) {
    Entry& oldest = entries_.front();
    if (oldest.since_ + timeout_ > now) return;
    oldest.timed_out_ = true;
    oldest.leave();
    oldest.task_.cancel();
  }
}

}  // namespace server
