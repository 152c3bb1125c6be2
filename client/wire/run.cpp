#include "client/wire/run.hpp"

#include "coro/stack_overflow.hpp"

namespace client {

std::exception_ptr exception_of_run(coro::Scheduler& scheduler,
                                    const std::function<void()>& begin) {
  scheduler.on_exception([](const char* /*coroutine*/, const std::exception_ptr& exception) {
    std::rethrow_exception(exception);
  });
  try {
    coro::report_stack_overflow();  // in a terminal after the handlers that restore its modes
    begin();
    scheduler.run();
  } catch (const std::exception&) {
    return std::current_exception();
  }
  return nullptr;
}

Failure failure_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return {FailureClass::local, error.what()};
  }
}

void run_to_end(coro::Scheduler& scheduler, const std::function<void()>& begin) {
  if (const auto exception = exception_of_run(scheduler, begin)) std::rethrow_exception(exception);
}

}  // namespace client
