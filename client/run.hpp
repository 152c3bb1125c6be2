#pragma once

#include <functional>
#include <optional>

#include "client/failure.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// Runs what this begins, until no coroutine is left. An exception that leaves it or a coroutine,
/// such as for lack of memory, ends the run: the others might wait for ever for what it was to do.
/// It is returned.
std::optional<Failure> run_to_end(coro::Scheduler& scheduler, const std::function<void()>& begin);

}  // namespace client
