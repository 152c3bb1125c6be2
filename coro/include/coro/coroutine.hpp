#pragma once

#include <boost/context/stack_context.hpp>
#include <boost/coroutine2/coroutine.hpp>
#include <cassert>
#include <concepts>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "coro/stack_pool.hpp"

namespace coro {

/// A function with a stack of its own: it runs when resumed, and gives control back when it
/// suspends or ends.
///
///     Coroutine coroutine(pool);
///     coroutine.start([](Coroutine& self) { work(); self.suspend(); more_work(); });
///     coroutine.resume();  // work()
///     coroutine.resume();  // more_work(); now done()
///
/// A coroutine that is done can be started again with another function, on the same stack: nothing
/// is allocated or unwound in between. Destroying one that is suspended unwinds its stack, so that
/// the destructors of its locals run.
///
/// This class knows nothing of values, of schedulers or of I/O; Generator and Scheduler are built
/// on it.
class Coroutine {
 public:
  /// Makes an empty one, which is done(). Throws std::bad_alloc if there is no memory for a stack.
  /// The pool must outlive it.
  explicit Coroutine(StackPool& pool);
  ~Coroutine();
  Coroutine(const Coroutine&) = delete;
  Coroutine& operator=(const Coroutine&) = delete;
  Coroutine(Coroutine&&) = delete;
  Coroutine& operator=(Coroutine&&) = delete;

  /// Gives it the function to run; nothing runs yet. Only when done() and not failed(). Throws
  /// std::bad_alloc if there is no memory for the function, which is not moved from then.
  template <typename Function>
  void start(Function&& function) {
    emplace<std::decay_t<Function>>(std::forward<Function>(function));
  }
  /// The same, with a Function that is made of these, once there is memory for it.
  template <std::invocable<Coroutine&> Function, typename... Args>
  void emplace(Args&&... args) {
    start(std::unique_ptr<AnyFunction>(
        std::make_unique<FunctionHolder<Function>>(std::forward<Args>(args)...)));
  }

  /// Runs it until it suspends or ends. Not from inside, and not when done().
  /// An exception that leaves the function is rethrown here; the coroutine has then failed().
  void resume();

  /// Back to whoever called resume(). Only from inside, and never while an exception is being
  /// handled: before Boost 1.88 that state belongs to the thread, not to the stack.
  void suspend();

  /// Has no function to run: none was given, or it has ended.
  bool done() const { return !function_ || failed(); }
  /// An exception left the function: it cannot be started again.
  bool failed() const { return !outside_; }
  /// Whether the caller runs on this coroutine's stack.
  bool is_inside() const;
  /// The end of its stack, from which that grows down.
  const void* stack_top() const { return stack_.sp; }
  /// Whether the address is in the guard page beneath its stack, where an overflow faults.
  bool guards(const void* address) const;

 private:
  using Ends = boost::coroutines2::coroutine<void>;

  struct AnyFunction {
    AnyFunction() = default;
    virtual ~AnyFunction() = default;
    AnyFunction(const AnyFunction&) = delete;
    AnyFunction& operator=(const AnyFunction&) = delete;
    AnyFunction(AnyFunction&&) = delete;
    AnyFunction& operator=(AnyFunction&&) = delete;
    virtual void run(Coroutine& self) = 0;
  };

  template <typename Function>
  struct FunctionHolder final : AnyFunction {
    template <typename... Args>
    explicit FunctionHolder(Args&&... args) : function{std::forward<Args>(args)...} {}
    void run(Coroutine& self) override { function(self); }
    Function function;
  };

  class StackAllocator;

  void start(std::unique_ptr<AnyFunction> function);
  void run_functions(Ends::pull_type& inside);

  boost::context::stack_context stack_;
  // Destroyed after outside_, whose destruction may unwind a frame of this function.
  std::unique_ptr<AnyFunction> function_;
  Ends::pull_type* inside_ = nullptr;
  Ends::push_type outside_;
};

// Inline because of what a return costs just after a switch: the processor expects to return on the
// stack that it came from.

inline void Coroutine::resume() {
  assert(!done() && !is_inside());
  outside_();
}

inline void Coroutine::suspend() {
  assert(is_inside());
  assert(!std::current_exception() && std::uncaught_exceptions() == 0);
  (*inside_)();
}

}  // namespace coro
