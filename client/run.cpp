#include "client/run.hpp"

#include <exception>

namespace client {

std::optional<Failure> run_to_end(coro::Scheduler& scheduler, const std::function<void()>& begin) {
  scheduler.on_exception([](const char* /*coroutine*/, const std::exception_ptr& exception) {
    std::rethrow_exception(exception);
  });
  try {
    begin();
    scheduler.run();
  } catch (const std::exception& error) {
    return Failure{FailureClass::local, error.what()};
  }
  return std::nullopt;
}

}  // namespace client
