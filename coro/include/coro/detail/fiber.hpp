#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <cassert>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "coro/coroutine.hpp"
#include "coro/io.hpp"

namespace coro {
class Scheduler;
class Task;
class TimeLimit;
}  // namespace coro

namespace coro::detail {

/// A coroutine as its scheduler sees it: what it runs, what it waits for, and how that can be
/// cancelled. Programs meet it as a Yield (from inside) and as a Task (from outside). The scheduler
/// owns it, and uses it for one function after the other until the scheduler itself is destroyed.
class alignas(64) Fiber : public boost::intrusive::list_base_hook<
                              boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  explicit Fiber(Scheduler& scheduler);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  Fiber(Fiber&&) = delete;
  Fiber& operator=(Fiber&&) = delete;

  Scheduler& scheduler() const { return *scheduler_; }
  Executor executor() const;

  // From inside the coroutine

  /// Suspends the coroutine; then the resumer, on its own stack, calls start, which begins an
  /// operation that ends with complete() or wake(). Suspending first means that an operation may
  /// end within its own initiation, and that the deep frames of an initiation do not touch this
  /// coroutine's stack. Exceptions of start are rethrown here.
  template <typename Start>
  void suspend_then(Start start) {
    start_ = [](void* callable) {
      (*static_cast<Start*>(callable))();
      return Then::wait;
    };
    callable_ = &start;
    suspend();
  }

  /// Calls `call` on the resumer's stack and returns when `call` has returned. Nothing else runs
  /// meanwhile, and it costs two switches. Exceptions of `call` are rethrown here, after others may
  /// have run.
  template <typename Call>
  void call_outside(Call call) {
    start_ = [](void* callable) {
      (*static_cast<Call*>(callable))();
      return Then::go_on;
    };
    callable_ = &call;
    suspend();
  }

  /// Suspends the coroutine until wake(), for an operation that is none of Asio's and has begun
  /// already. `abort` is called at most once, and ends the operation by wake(true). Returns whether
  /// it was aborted.
  template <typename Abort>
  bool suspend_until_woken(const Abort& abort) {
    start_ = nullptr;
    abort_ = [](const void* callable) { (*static_cast<const Abort*>(callable))(); };
    abort_callable_ = &abort;
    suspend();
    return aborted_;
  }

  /// Whether the caller runs on this coroutine's stack, where it may suspend.
  bool is_inside() const { return coroutine_ && coroutine_->is_inside(); }

  // From outside

  /// The operation has ended: resumes the coroutine now, or as soon as nothing else is being
  /// resumed. If the operation reports that it was aborted, a requested cancellation has been
  /// delivered.
  void complete(bool aborted);
  /// The same, but never now: the coroutine goes to the end of the scheduler's queue.
  void wake(bool aborted);

  /// The operation will not end, since what was to end it was destroyed: suspend_then() throws. For
  /// one of several steps that finds no memory for the next. Nothing happens when it has ended.
  void abandon();

  /// An operation of Asio's registers here how it can be cancelled.
  boost::asio::cancellation_slot cancellation_slot() { return cancellation_.slot(); }
  /// Ends the operation that the coroutine waits in with operation_aborted; when it is not waiting,
  /// or its operation has just succeeded, then the next one.
  void cancel();
  /// Whether the operation in progress, or else the next one, is to end with operation_aborted.
  bool abort_requested() const { return cancel_requested_ || expired_limits_ > 0; }

 private:
  friend class coro::Scheduler;
  friend class coro::Task;
  friend class coro::TimeLimit;

  // A coroutine that waits for the end of another one's function; it lives on its own stack.
  class Joiner : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    explicit Joiner(Fiber& fiber) : fiber_(&fiber) {}
    void wake() {
      unlink();
      fiber_->wake(false);
    }

   private:
    Fiber* fiber_;
  };

  // Whether the resumer resumes the coroutine at once after `start_`.
  enum class Then : bool { wait, go_on };

  void suspend();
  Then start_operation();
  void abort_operation();
  void operation_ended(bool aborted);

  // The members of each wait come first, in two cache lines: among a thousand coroutines none of
  // them is in the cache any more when one's turn comes.
  Scheduler* scheduler_;
  Then (*start_)(void*) = nullptr;  // null: the operation has begun already
  void* callable_ = nullptr;
  void (*abort_)(const void*) = nullptr;  // null: by the signal
  const void* abort_callable_ = nullptr;
  int expired_limits_ = 0;
  bool cancel_requested_ = false;
  bool aborted_ = false;          // how the operation has ended
  bool answers_request_ = false;  // and whether that is the answer to a request
  bool in_operation_ = false;

  std::exception_ptr failure_;  // of start_, or of the function that the coroutine has run
  // Empty while this Fiber is spare. Its stack is what costs memory, so the scheduler may take it
  // away.
  std::optional<Coroutine> coroutine_;
  boost::asio::cancellation_signal cancellation_;

  const char* name_ = "";
  // Numbers the functions that were spawned, so that an old Task does not reach the next function.
  std::uint64_t serial_ = 0;
  boost::intrusive::list<Joiner, boost::intrusive::constant_time_size<false>> joiners_;
};

// Inline, and for the same reason as Coroutine's: a return here is one on another stack.
[[gnu::always_inline]] inline void Fiber::suspend() {
  assert(coroutine_->is_inside());
  coroutine_->suspend();
  // Not before: a second request is for the same operation until the coroutine has heard of it.
  if (std::exchange(answers_request_, false)) cancel_requested_ = false;
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

// On the resumer's stack, after the coroutine has suspended. Inline, since each wait calls it.
inline Fiber::Then Fiber::start_operation() {
  in_operation_ = true;
  try {
    if (start_ != nullptr && start_(callable_) == Then::go_on) {
      in_operation_ = false;
      return Then::go_on;
    }
  } catch (...) {
    failure_ = std::current_exception();
    wake(false);
  }
  if (abort_requested()) abort_operation();
  return Then::wait;
}

/// A queue of coroutines, which leave it by themselves when they are queued elsewhere or destroyed.
using FiberQueue = boost::intrusive::list<Fiber, boost::intrusive::constant_time_size<false>>;

}  // namespace coro::detail
