#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/system/result.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "coro/detail/fiber.hpp"
#include "coro/detail/poller.hpp"
#include "coro/detail/timer_queue.hpp"
#include "coro/error.hpp"
#include "coro/io.hpp"
#include "coro/stack_pool.hpp"
#include "coro/task.hpp"
#include "coro/yield.hpp"

namespace coro {

/// A coroutine's body is a function of a Yield.
template <typename Body>
concept CoroutineBody = requires(std::decay_t<Body>& body, Yield yield) {
  body(yield);
};

/// Owns an io_context and every coroutine spawned on it, and runs them all on one thread.
///
///     Scheduler scheduler;
///     scheduler.spawn("greeter", [](Yield yield) { sleep_for(yield, 1s); greet(); }).value();
///     scheduler.run();
///
/// run() returns when there is nothing left to do; nobody stops it. Destroying the scheduler
/// unwinds what is still suspended, the youngest first, so that destructors run; the io_context
/// outlives the coroutines.
///
/// Any operation of Asio's can be waited for. Another thread that posts to the context must hold
/// work for it (boost::asio::make_work_guard), as Asio's own threads do: a context that has none is
/// not listened to while the scheduler sleeps.
class Scheduler {
 public:
  struct Options {
    StackPool::Options stacks = {};
    /// How many coroutines that have ended keep their stack for the next function.
    std::size_t keep_ready = 256;
  };

  struct Counters {
    std::size_t alive = 0;      ///< coroutines spawned and not ended
    std::size_t peak = 0;       ///< the most that were alive at a time
    std::uint64_t spawned = 0;  ///< since the start
    std::uint64_t failed = 0;   ///< that an exception ended
    std::size_t stacks = 0;     ///< stacks that exist, in use or free
  };

  using ExceptionHandler = std::function<void(const char* name, const std::exception_ptr&)>;

  Scheduler() : Scheduler(Options{}) {}
  explicit Scheduler(Options options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  Scheduler(Scheduler&&) = delete;
  Scheduler& operator=(Scheduler&&) = delete;

  /// Makes body(Yield) a coroutine, which begins to run when the caller has suspended or returned
  /// to run(). The name is for messages and must be a literal. The error is Error::no_stack if the
  /// system has no memory for it or mappings for another stack; nothing else is affected then.
  /// The body is moved from only on success.
  template <CoroutineBody Body>
  [[nodiscard]] boost::system::result<Task> spawn(const char* name, Body&& body) {
    detail::Fiber* fiber = idle_fiber();
    if (fiber == nullptr) return make_error_code(Error::no_stack);
    try {
      fiber->coroutine_->emplace<Spawned<std::decay_t<Body>>>(fiber, std::forward<Body>(body));
    } catch (const std::bad_alloc&) {
      return make_error_code(Error::no_stack);
    }
    return begin(*fiber, name);
  }

  /// Runs until no coroutine is ready and none waits for an operation. Throws the exceptions of the
  /// handlers below, and boost::system::system_error if the system does not let it wait any more;
  /// it may be called again.
  void run();

  /// The same, and not longer than until the task is done: who must end in time whatever others do
  /// waits for no one else.
  void run(const Task& until);

  /// Destroys all coroutines, as the destructor does: for whoever owns what they refer to, and is
  /// destroyed before the scheduler. run() may not be called any more, nor by a coroutine.
  void unwind();

  /// Calls `call`, which must not suspend, on the thread's own stack, and returns its result
  /// when it has returned; nothing else runs meanwhile. So the deep frames of a library do not
  /// touch the stack of the coroutine that calls this, whose pages stay in use for as long as it
  /// lives. It costs two switches. On another stack, and while an exception is unwinding this one,
  /// it is a plain call.
  template <std::invocable Call>
  auto on_own_stack(Call call) {
    if constexpr (std::is_void_v<std::invoke_result_t<Call&>>) {
      const bool in_coroutine =
          running_ != nullptr && running_->is_inside() && std::uncaught_exceptions() == 0;
      if (in_coroutine)
        running_->call_outside(std::ref(call));
      else
        call();
    } else {
      std::optional<std::invoke_result_t<Call&>> result;
      on_own_stack([&] { result.emplace(call()); });
      return std::move(*result);
    }
  }

  /// step is called, on the thread's own stack, each time before run() blocks, and now and then
  /// while it never does. It must not block.
  void before_sleep(std::function<void()> step) { before_sleep_ = std::move(step); }

  /// Called when an exception has left a coroutine; the coroutine is gone, the others go on. By
  /// default the name and the message go to stderr. Exceptions of the handler
  /// leave run().
  void on_exception(ExceptionHandler handler) { on_exception_ = std::move(handler); }

  /// How many sockets have lately been ready at a time, an older crowd counting less: who has much
  /// to do may do less at a time while others wait for their turn.
  std::size_t crowd() const { return crowd_; }

  /// From the first call of one of these two on, each wake of run() asks the context for what has
  /// completed. Before, nothing can be under way in it.
  boost::asio::io_context& context() {
    context_used_ = true;
    return context_;
  }
  Executor executor() { return context().get_executor(); }
  detail::Poller& poller() { return poller_; }
  detail::TimerQueue& timers() { return timers_; }
  Counters counters() const;
  /// How this scheduler's stacks are guarded.
  StackPool::Guard stack_guard() const { return stacks_.guard(); }
  /// Bytes that each coroutine may use of its stack.
  std::size_t stack_size() const { return stacks_.stack_size(); }
  /// The name of the coroutine whose guard page has the address, or null. Safe in a signal handler.
  const char* coroutine_guarded_at(const void* address) const;

 private:
  friend class Readiness;
  friend class detail::Fiber;
  friend class TimeLimit;

  template <typename Body>
  struct Spawned {
    void operator()(Coroutine&) { body(Yield(*fiber)); }
    detail::Fiber* fiber;
    Body body;
  };

  // While something is being resumed, started or cancelled, no other coroutine is resumed on top of
  // it.
  class Busy;

  void take_youngest_first(detail::FiberQueue& alive);
  detail::Fiber* idle_fiber();
  Task begin(detail::Fiber& fiber, const char* name);

  template <typename Condition>
  void run_while(Condition holds);
  void queue(detail::Fiber& fiber) {
    fiber.unlink();
    queue_.push_back(fiber);
  }
  void resume_now_or_queue(detail::Fiber& fiber);
  void abort(detail::Fiber& fiber);
  bool run_ready(std::size_t ready);
  void run_queue();
  std::size_t poll_context();
  std::optional<std::size_t> wait();
  std::optional<std::size_t> wait_without_context();
  std::size_t poll_both();
  void resume(detail::Fiber& fiber);
  void ended(detail::Fiber& fiber);
  void recycle(detail::Fiber& fiber);

  Options options_;
  StackPool stacks_;
  std::deque<detail::Fiber> fibers_;  // all there are; none is destroyed before the scheduler is
  // Destroyed before them, since what it holds of operations in progress refers to them.
  boost::asio::io_context context_;
  detail::TimerQueue timers_;
  detail::Poller poller_{context_, timers_};
  detail::FiberQueue queue_;  // to be resumed, in this order
  detail::FiberQueue kept_;   // idle, with a stack; the last to end is the first to be used
  detail::FiberQueue spare_;  // idle, without a stack
  std::size_t kept_count_ = 0;
  detail::Fiber* running_ = nullptr;  // or the last one that has run
  bool busy_ = false;
  // Somebody has asked for the context, perhaps another thread.
  std::atomic<bool> context_used_ = false;
  bool context_idle_ = false;  // it had nothing under way before the last sleep
  std::size_t crowd_ = 0;
  Counters counters_;
  std::function<void()> before_sleep_ = [] {};
  ExceptionHandler on_exception_;
};

}  // namespace coro
