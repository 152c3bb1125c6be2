#include "coro/scheduler.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdio>
#include <new>
#include <utility>

#include "overflow_watch.hpp"

namespace coro {
namespace {

// After how many completions the step that comes before sleeping is due even though run() does not
// sleep.
constexpr std::size_t completions_between_steps = 128;

constexpr std::size_t cache_line = 64;

// Fetches so many cache lines from `first` on.
// Always inline: GCC drops the call of a function that does nothing else.
template <std::size_t... index>
[[gnu::always_inline]] inline void prefetch(const void* first,
                                            std::index_sequence<index...> /*lines*/) {
  (__builtin_prefetch(static_cast<const char*>(first) + index * cache_line), ...);
}

// Fetches the parts of a stack that a coroutine uses first into the cache, while another one runs:
// among a thousand they are not there any more. `frame` is in the frame that waits, or was there in
// an earlier wait, which does no harm. Its function's own locals are at the top, and so is the
// place where Boost keeps the stack pointer.
[[gnu::always_inline]] inline void prefetch_stack(const void* frame, const void* top) {
  constexpr std::size_t lines_at_the_top = 15;
  prefetch(static_cast<const char*>(top) - lines_at_the_top * cache_line,
           std::make_index_sequence<lines_at_the_top>());
  if (frame == nullptr) return;  // it has not waited yet
  prefetch(static_cast<const char*>(frame) - cache_line, std::make_index_sequence<6>());
}

void print_exception(const char* name, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "coroutine '%s' ended by an exception: %s\n", name, error.what());
  } catch (...) {
    std::fprintf(stderr, "coroutine '%s' ended by an exception\n", name);
  }
}

}  // namespace

class Scheduler::Busy {
 public:
  explicit Busy(Scheduler& scheduler)
      : scheduler_(&scheduler), before_(std::exchange(scheduler.busy_, true)) {}
  ~Busy() { scheduler_->busy_ = before_; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  Busy(Busy&&) = delete;
  Busy& operator=(Busy&&) = delete;

 private:
  Scheduler* scheduler_;
  bool before_;
};

// One thread does all the I/O, so Asio's locks around it are left out; those of its queue stay, for
// names are resolved by a thread of Asio's.
Scheduler::Scheduler(Options options)
    : options_(options),
      stacks_(options.stacks),
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      on_exception_(print_exception) {
  context_.stop();  // as it is whenever it has nothing to do
}

Scheduler::~Scheduler() {
  unwind();
}

void Scheduler::unwind() {
  // Again, because a destructor on one of these stacks may spawn.
  detail::FiberQueue alive;
  for (take_youngest_first(alive); !alive.empty(); take_youngest_first(alive)) {
    while (!alive.empty()) {
      detail::Fiber& fiber = alive.front();
      alive.pop_front();
      fiber.serial_ = 0;
      fiber.coroutine_.reset();
    }
  }
}

// By the links that they have anyway: there may be no memory left.
void Scheduler::take_youngest_first(detail::FiberQueue& alive) {
  for (detail::Fiber& fiber : fibers_) {
    if (fiber.serial_ == 0) continue;
    fiber.in_operation_ = false;  // a destructor may cancel it, but it waits for nothing any more
    fiber.unlink();
    alive.push_back(fiber);
  }
  alive.sort([](const detail::Fiber& left, const detail::Fiber& right) {
    return left.serial_ > right.serial_;
  });
}

// ---- spawning

// A fiber with a stack, ready to be given a function; null if there is no stack to be had.
detail::Fiber* Scheduler::idle_fiber() {
  if (kept_.empty()) {
    try {
      if (spare_.empty()) spare_.push_back(fibers_.emplace_back(*this));
      spare_.back().coroutine_.emplace(stacks_);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    detail::Fiber& fiber = spare_.back();
    spare_.pop_back();
    kept_.push_back(fiber);
    ++kept_count_;
  }
  return &kept_.back();
}

Task Scheduler::begin(detail::Fiber& fiber, const char* name) {
  --kept_count_;
  fiber.name_ = name;
  fiber.serial_ = ++counters_.spawned;
  counters_.peak = std::max(counters_.peak, ++counters_.alive);
  queue(fiber);
  return Task(fiber);
}

// ---- running

void Scheduler::run() {
  run_while([] { return true; });
}

void Scheduler::run(const Task& until) {
  run_while([&] { return !until.done(); });
}

template <typename Condition>
void Scheduler::run_while(Condition holds) {
  assert(!busy_);
  const detail::OverflowWatch watch(*this);
  for (std::optional<std::size_t> ready = 0; ready;) {
    const bool idle = run_ready(*ready);
    before_sleep_();
    if (!holds()) return;
    if (idle && queue_.empty()) {
      ready = wait();
    } else {
      poll_context();
      ready = 0;
    }
  }
}

// Runs who is ready, by `ready` descriptors or else, and who becomes ready by the poller meanwhile;
// false if there was no end to it.
bool Scheduler::run_ready(std::size_t ready) {
  for (std::size_t left = completions_between_steps;;) {
    if (ready > 0) crowd_ = std::max(ready, crowd_ - (crowd_ + 7) / 8);
    run_queue();
    // After one that was ready alone there is likely no other; if there is, it ends the wait.
    if (ready == 1 && queue_.empty()) return true;
    left -= std::min(left, std::max<std::size_t>(ready, 1));
    if (left == 0) return false;
    ready = poller_.poll(left);
    if (ready == 0 && queue_.empty()) return true;
  }
}

// Those who are queued meanwhile wait for the next round, so that I/O is never starved.
void Scheduler::run_queue() {
  detail::FiberQueue round;
  round.swap(queue_);
  const Busy busy(*this);
  try {
    while (!round.empty()) {
      detail::Fiber& fiber = round.front();
      round.pop_front();
      if (!round.empty()) {
        const detail::Fiber& next = round.front();
        prefetch_stack(next.abort_callable_, next.coroutine_->stack_top());
      }
      resume(fiber);
    }
  } catch (...) {  // The handler of exceptions has thrown; run() may be called again.
    queue_.splice(queue_.begin(), round);
    throw;
  }
}

// Handles what has completed in the context, as much as there may be between two steps; returns how
// much that was.
std::size_t Scheduler::poll_context() {
  if (!context_used_) return 0;
  context_.restart();  // it stops by itself each time it runs out of work
  std::size_t handled = 0;
  while (handled < completions_between_steps && context_.poll_one() != 0)
    ++handled;
  return handled;
}

// Blocks until something has completed or become ready; how many descriptors have, or nothing if
// there is nothing to wait for.
std::optional<std::size_t> Scheduler::wait() {
  if (!context_used_) return wait_without_context();
  // A context that had nothing under way is asked first whether that is still so, which then costs
  // no system call. Each question to it locks its queue.
  if (context_idle_ || context_.stopped()) {
    if (poll_context() > 0) return 0;
    context_idle_ = context_.stopped();
    if (context_idle_) return wait_without_context();
  }
  if (!poller_.wake_context()) return poll_both();
  if (context_.run_one() == 0) return std::nullopt;
  // If the poller alone has woken the scheduler, Asio likely has nothing.
  if (!poller_.has_woken_context()) poll_context();
  return 0;
}

std::optional<std::size_t> Scheduler::wait_without_context() {
  if (!poller_.has_work()) return std::nullopt;
  return poller_.sleep(completions_between_steps);
}

// Without memory to sleep in the context, which now watches the poller, this looks at both in turn.
std::size_t Scheduler::poll_both() {
  constexpr int milliseconds = 10;
  poll_context();
  return poller_.sleep(completions_between_steps, milliseconds);
}

// Inline, since a return just after a switch of stacks costs as much as the switch.
[[gnu::always_inline]] inline void Scheduler::resume(detail::Fiber& fiber) {
  running_ = &fiber;
  do {
    try {
      fiber.coroutine_->resume();
    } catch (...) {  // On the thread's own stack: no coroutine is being unwound through here.
      fiber.failure_ = std::current_exception();
    }
    if (fiber.coroutine_->done()) return ended(fiber);
  } while (fiber.start_operation() == detail::Fiber::Then::go_on);
}

void Scheduler::resume_now_or_queue(detail::Fiber& fiber) {
  if (busy_) return queue(fiber);
  const Busy busy(*this);
  resume(fiber);
}

void Scheduler::abort(detail::Fiber& fiber) {
  const Busy busy(*this);
  fiber.abort_operation();
}

// ---- ending

void Scheduler::ended(detail::Fiber& fiber) {
  --counters_.alive;
  fiber.serial_ = 0;
  fiber.cancel_requested_ = false;
  while (!fiber.joiners_.empty())
    fiber.joiners_.front().wake();
  const char* name = fiber.name_;
  const std::exception_ptr failure = std::exchange(fiber.failure_, nullptr);
  recycle(fiber);
  if (failure) {
    ++counters_.failed;
    on_exception_(name, failure);
  }
}

void Scheduler::recycle(detail::Fiber& fiber) {
  if (kept_count_ < options_.keep_ready && !fiber.coroutine_->failed()) {
    kept_.push_back(fiber);
    ++kept_count_;
  } else {
    fiber.coroutine_.reset();
    spare_.push_back(fiber);
  }
}

const char* Scheduler::coroutine_guarded_at(const void* address) const {
  for (const detail::Fiber& fiber : fibers_)
    if (fiber.coroutine_ && fiber.coroutine_->guards(address)) return fiber.name_;
  return nullptr;
}

Scheduler::Counters Scheduler::counters() const {
  Counters counters = counters_;
  counters.stacks = stacks_.held();
  return counters;
}

}  // namespace coro
