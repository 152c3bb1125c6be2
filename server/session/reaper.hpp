#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <optional>

#include "coro/condition.hpp"
#include "coro/io.hpp"
#include "coro/task.hpp"
#include "coro/yield.hpp"

namespace server {

/// Ends waits that take too long, with one coroutine for all connections: who waits stands in a
/// queue ordered by the time it began, and the reaper sleeps until the first in the queue is due.
/// Moving to the end of the queue is all that a read costs, and without a time-out not even that; a
/// timer for each read would cost more than the echo's bookkeeping together.
class Reaper {
 public:
  /// Somebody's place in the queue. It leaves the queue when destroyed. The coroutine must outlive
  /// it.
  class Entry : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    explicit Entry(coro::Yield yield) : task_(yield.task()) {}

    /// Begins to wait now, or anew. Without a time-out it stands in the queue too, since a reload
    /// may set one, which then counts from the reload on.
    void wait_in(Reaper& reaper);
    /// Goes on with a wait that began then, in another program.
    void wait_in(Reaper& reaper, coro::Clock::time_point since);
    /// Since when it waits; none if it does not, or if the reaper has no time-out, since nobody
    /// keeps the time then. A wait that took too long counts until the next.
    std::optional<coro::Clock::time_point> since(const Reaper& reaper) const;
    void leave() { unlink(); }
    /// This wait took too long: the coroutine's operation was cancelled for it.
    bool timed_out() const { return timed_out_; }

   private:
    friend class Reaper;
    void enter(Reaper& reaper);

    coro::Task task_;  // it is cancelled when the time is up
    coro::Clock::time_point since_;
    bool timed_out_ = false;  // until the next wait
  };

  /// A new time-out, 0 = none; it holds from the next wait on, and for those who wait already.
  void set_timeout(std::chrono::milliseconds timeout);

  /// The reaper's coroutine; it ends when cancelled.
  void run(coro::Yield yield);

 private:
  void time_out_overdue(coro::Clock::time_point now);
  coro::Clock::time_point next_due() const;

  coro::Condition changed_;  // the time-out, or the queue is no longer empty
  std::chrono::milliseconds timeout_{0};
  // The one who has waited longest is first. All wait for the same time, so a list is a queue by
  // due time, and entering it costs no search.
  boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>> entries_;
};

inline void Reaper::Entry::wait_in(Reaper& reaper) {
  timed_out_ = false;
  // To move would touch two neighbours, memory of other sessions that is in no cache.
  if (is_linked() && reaper.timeout_.count() == 0) return;
  enter(reaper);
}

}  // namespace server
