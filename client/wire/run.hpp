#pragma once

#include <exception>
#include <functional>

#include "client/wire/failure.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// Calls `begin`, and runs the scheduler until no coroutine is left. An exception that leaves
/// `begin` or a coroutine, such as for lack of memory, ends the run, since the other coroutines
/// might wait for ever for that one. It is thrown again.
void run_to_end(coro::Scheduler& scheduler, const std::function<void()>& begin);

/// The same, but returns the exception, or null if there was none. Needs no memory for that.
std::exception_ptr exception_of_run(coro::Scheduler& scheduler, const std::function<void()>& begin);

/// The failure to report for an exception, which is not null.
Failure failure_of(const std::exception_ptr& exception);

}  // namespace client
