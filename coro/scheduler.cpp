#include "coro/scheduler.hpp"

#include <algorithm>
#include <cstdio>
#include <new>
#include <vector>

#include "coro/condition.hpp"
#include "coro/error.hpp"

namespace coro {
namespace {

// How many completions run() handles before it looks at the queue's and the sleeper's needs all the
// same.
constexpr int completions_per_round = 128;

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

Scheduler::Scheduler(Options options)
    : options_(options), context_(1), stacks_(options.stacks), on_exception_(print_exception) {}

Scheduler::~Scheduler() {
  std::vector<Waiter*> alive;
  for (Waiter& waiter : waiters_) {
    if (waiter.coroutine_ && !waiter.coroutine_->done()) alive.push_back(&waiter);
  }
  std::ranges::sort(alive, std::greater{}, [](const Waiter* waiter) { return waiter->serial_; });
  for (Waiter* waiter : alive)
    waiter->coroutine_.reset();
}

// ---- spawning

// A waiter with a stack, ready to be given a function; null if there is no stack to be had.
Waiter* Scheduler::idle_waiter() {
  if (!kept_.empty()) {
    Waiter& waiter = kept_.back();
    kept_.pop_back();
    --kept_count_;
    return &waiter;
  }
  try {
    if (spare_.empty()) spare_.push_back(waiters_.emplace_back(*this));
    Waiter& waiter = spare_.back();
    waiter.coroutine_.emplace(stacks_);
    spare_.pop_back();
    return &waiter;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

boost::system::error_code Scheduler::no_stack() {
  return make_error_code(Error::no_stack);
}

Task Scheduler::begin(Waiter& waiter, const char* name) {
  waiter.name_ = name;
  waiter.serial_ = ++counters_.spawned;
  counters_.peak = std::max(counters_.peak, ++counters_.alive);
  queue(waiter);
  return Task(waiter);
}

// ---- running

void Scheduler::run() {
  for (;;) {
    for (int round = 0; round < completions_per_round; ++round) {
      run_queue();
      if (context_.stopped()) context_.restart();  // it stops by itself when it runs out of work
      if (context_.poll_one() == 0 && queue_.empty()) break;
    }
    before_sleep_();
    if (queue_.empty() && context_.run_one() == 0 && queue_.empty()) return;
  }
}

// Those who are queued meanwhile wait for the next round, so that I/O is never starved.
void Scheduler::run_queue() {
  WaiterQueue round;
  round.swap(queue_);
  while (!round.empty()) {
    Waiter& waiter = round.front();
    round.pop_front();
    resume(waiter);
  }
}

void Scheduler::resume(Waiter& waiter) {
  const Busy busy(*this);
  std::exception_ptr failure;
  try {
    waiter.coroutine_->resume();
  } catch (...) {  // On the thread's own stack: no coroutine is being unwound through here.
    failure = std::current_exception();
  }
  if (waiter.coroutine_->done()) {
    ended(waiter, failure);
  } else {
    waiter.start_operation();
  }
}

void Scheduler::resume_now_or_queue(Waiter& waiter) {
  if (busy_) {
    queue(waiter);
  } else {
    resume(waiter);
  }
}

void Scheduler::queue(Waiter& waiter) {
  waiter.unlink();
  queue_.push_back(waiter);
}

void Scheduler::abort(Waiter& waiter) {
  const Busy busy(*this);
  waiter.abort_operation();
}

// ---- ending

void Scheduler::ended(Waiter& waiter, const std::exception_ptr& failure) {
  --counters_.alive;
  waiter.serial_ = 0;
  waiter.cancel_requested_ = false;
  if (waiter.ended_) waiter.ended_->notify_all();
  const char* name = waiter.name_;
  recycle(waiter);
  if (failure) {
    ++counters_.failed;
    on_exception_(name, failure);
  }
}

void Scheduler::recycle(Waiter& waiter) {
  if (kept_count_ < options_.keep_ready && !waiter.coroutine_->failed()) {
    kept_.push_back(waiter);
    ++kept_count_;
  } else {
    waiter.coroutine_.reset();
    spare_.push_back(waiter);
  }
}

Scheduler::Counters Scheduler::counters() const {
  Counters counters = counters_;
  counters.stacks = stacks_.held();
  return counters;
}

}  // namespace coro
