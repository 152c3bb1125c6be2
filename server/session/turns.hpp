#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>

#include "coro/condition.hpp"
#include "coro/yield.hpp"

namespace server {

/// Lets coroutines that want the same take turns, in the order in which they came.
class Turns {
 public:
  /// A coroutine's place in the line, from now until this is destroyed; then it is the next one's
  /// turn.
  class Place : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    explicit Place(Turns& turns) : turns_(turns) { turns_.line_.push_back(*this); }
    ~Place() {
      unlink();
      if (!turns_.line_.empty()) turns_.line_.front().moved_.notify_all();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place(Place&&) = delete;
    Place& operator=(Place&&) = delete;

    /// Suspends until it is this one's turn; operation_aborted if cancelled meanwhile.
    coro::error_code wait(coro::Yield yield) {
      return moved_.wait(yield, [this] { return &turns_.line_.front() == this; });
    }
    /// Nobody waits behind this one.
    bool is_last() const { return &turns_.line_.back() == this; }

   private:
    Turns& turns_;
    coro::Condition moved_;  // each its own: to wake all of a long line for each turn would be dear
  };

 private:
  boost::intrusive::list<Place, boost::intrusive::constant_time_size<false>> line_;
};

}  // namespace server
