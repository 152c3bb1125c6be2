#include "coro/detail/fiber.hpp"

#include <utility>

#include "coro/scheduler.hpp"

namespace coro::detail {

Fiber::Fiber(Scheduler& scheduler) : scheduler_(&scheduler) {}

Fiber::~Fiber() = default;

Executor Fiber::executor() const {
  return scheduler_->executor();
}

void Fiber::abort_operation() {
  if (!in_operation_) return;
  if (abort_ != nullptr)
    abort_(abort_callable_);
  else
    cancellation_.emit(boost::asio::cancellation_type::terminal);
}

void Fiber::operation_ended(bool aborted) {
  in_operation_ = false;
  aborted_ = aborted;
  // Under an expired time limit every operation is aborted, so that is not the answer to a request.
  answers_request_ = aborted && expired_limits_ == 0;
  // Asio leaves its handler there, and the next operation need not replace it; the socket that it
  // refers to may be gone by then.
  if (std::exchange(abort_, nullptr) == nullptr) cancellation_.slot().clear();
}

namespace {

class Abandoned : public std::exception {
 public:
  const char* what() const noexcept override { return "an operation was given up by its library"; }
};

}  // namespace

void Fiber::abandon() {
  if (!in_operation_) return;
  failure_ = std::make_exception_ptr(Abandoned());
  wake(false);
}

void Fiber::complete(bool aborted) {
  operation_ended(aborted);
  scheduler_->resume_now_or_queue(*this);
}

void Fiber::wake(bool aborted) {
  __builtin_prefetch(&coroutine_);  // the other cache line, for the scheduler soon
  scheduler_->queue(*this);
  operation_ended(aborted);
}

void Fiber::cancel() {
  cancel_requested_ = true;
  scheduler_->abort(*this);
}

}  // namespace coro::detail
