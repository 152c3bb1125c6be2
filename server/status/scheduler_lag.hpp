#pragma once

#include "coro/yield.hpp"
#include "program/histogram.hpp"

namespace server {

/// How late a timer fires that is due: what every client waits for besides the network. A coroutine
/// measures it, four times a second, until it is cancelled.
void measure_scheduler_lag(program::Histogram& lag, coro::Yield yield);

}  // namespace server
