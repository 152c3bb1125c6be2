#include "server/reaper.hpp"

#include <algorithm>

#include "coro/time_limit.hpp"

namespace server {
namespace {

constexpr auto never = coro::Clock::time_point::max();

}  // namespace

void Reaper::Entry::enter(Queue& queue) {
  // Otherwise the reaper sleeps until somebody is due who waits longer, and will find this one
  // then.
  const bool reaper_must_know = queue.entries_.empty() && queue.timeout_.count() != 0;
  unlink();
  queue_ = &queue;
  since_ = coro::Clock::now();
  queue.entries_.push_back(*this);
  if (reaper_must_know) queue.reaper_->changed_.notify_one();
}

void Reaper::Entry::leave() {
  unlink();
  queue_ = nullptr;
}

void Reaper::Queue::set_timeout(std::chrono::milliseconds timeout) {
  if (timeout_.count() == 0) {
    // Nobody has kept note of when they began.
    for (Entry& entry : entries_)
      entry.since_ = coro::Clock::now();
  }
  timeout_ = timeout;
}

void Reaper::set_timeouts(std::chrono::milliseconds idle, std::chrono::milliseconds writing) {
  idle_.set_timeout(idle);
  writing_.set_timeout(writing);
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
    const auto now = coro::Clock::now();
    time_out_overdue(idle_, now);
    time_out_overdue(writing_, now);
  }
}

coro::Clock::time_point Reaper::next_due() const {
  auto due = never;
  for (const Queue* queue : {&idle_, &writing_}) {
    if (queue->timeout_.count() == 0 || queue->entries_.empty()) continue;
    due = std::min(due, queue->entries_.front().since_ + queue->timeout_);
  }
  return due;
}

void Reaper::time_out_overdue(Queue& queue, coro::Clock::time_point now) {
  if (queue.timeout_.count() == 0) return;
  while (!queue.entries_.empty()) {
    Entry& oldest = queue.entries_.front();
    if (oldest.since_ + queue.timeout_ > now) return;
    oldest.timed_out_ = true;
    oldest.leave();
    oldest.waiter_->cancel();
  }
}

}  // namespace server
