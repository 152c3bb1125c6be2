#pragma once

#include <exception>
#include <functional>
#include <optional>

#include "client/wire/failure.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// Runs what this begins, until no coroutine is left. An exception that leaves it or a coroutine,
/// such as for lack of memory, ends the run: the others might wait for ever for what it was to do.
/// It is returned.
std::optional<Failure> run_to_end(coro::Scheduler& scheduler, const std::function<void()>& begin);

/// The same; null if there was none. To return the exception itself takes no memory.
std::exception_ptr exception_of_run(coro::Scheduler& scheduler, const std::function<void()>& begin);

/// An exception that ended a run. It is not null.
Failure failure_of(const std::exception_ptr& exception);

}  // namespace client
