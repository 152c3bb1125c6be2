#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <chrono>

#include "coro/condition.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace server {

/// Ends waits that take too long, with one coroutine for all connections: who waits stands in a
/// queue ordered by the time it began, and the reaper sleeps until the first in the queue is due.
/// Moving to the end of the queue is all that a read costs, and without a time-out not even that; a
/// timer for each read would cost more than the echo's bookkeeping together.
class Reaper {
 public:
  class Queue;

  /// Somebody's place in a queue. It leaves the queue when destroyed. The coroutine must outlive
  /// it.
  class Entry : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    explicit Entry(coro::Yield yield) : waiter_(&yield.waiter()) {}

    /// Begins to wait now, or anew; it leaves the queue that it was in. Without a time-out it
    /// stands there too, since a reload may set one, which then counts from the reload on.
    void wait_in(Queue& queue);
    void leave();
    /// This wait took too long: the coroutine's operation was cancelled for it.
    bool timed_out() const { return timed_out_; }

   private:
    friend class Reaper;
    void enter(Queue& queue);

    coro::Waiter* waiter_;
    coro::Clock::time_point since_;
    const Queue* queue_ = nullptr;  // that it stands in
    bool timed_out_ = false;
  };

  /// Those who wait under one time-out.
  class Queue {
   public:
    explicit Queue(Reaper& reaper) : reaper_(&reaper) {}

   private:
    friend class Reaper;
    friend class Entry;
    using List = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;
    void set_timeout(std::chrono::milliseconds timeout);

    Reaper* reaper_;
    std::chrono::milliseconds timeout_{0};
    List entries_;
  };

  Queue& idle() { return idle_; }
  Queue& writing() { return writing_; }

  /// New time-outs, 0 = none; they hold from the next wait on, and for those who wait already.
  void set_timeouts(std::chrono::milliseconds idle, std::chrono::milliseconds writing);

  /// The reaper's coroutine; it ends when cancelled.
  void run(coro::Yield yield);

 private:
  static void time_out_overdue(Queue& queue, coro::Clock::time_point now);
  coro::Clock::time_point next_due() const;

  coro::Condition changed_;
  Queue idle_{*this};
  Queue writing_{*this};
};

inline void Reaper::Entry::wait_in(Queue& queue) {
  timed_out_ = false;
  // To move would touch two neighbours, memory of other sessions that is in no cache.
  if (queue_ == &queue && queue.timeout_.count() == 0) return;
  enter(queue);
}

}  // namespace server
