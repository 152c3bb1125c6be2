#pragma once

#include <functional>
#include <string>

#include "client/wire/histogram.hpp"
#include "client/wire/link.hpp"
#include "coro/yield.hpp"

/// What goes on beside the prompt. Each is a coroutine's body; it ends early when the coroutine is
/// cancelled or the link is lost.
namespace client {

/// Shows a line to the person at the terminal.
using Say = std::function<void(const std::string&)>;

/// Sends count small echoes, five a second; says how long each took, and at the end what they took
/// together. The times are also recorded in round_trips, which must outlive the link.
void send_pings(Link& link, std::size_t count, Histogram& round_trips, const Say& say,
                coro::Yield yield);

/// Sends a file and says when all of it has come back.
void send_file(Link& link, const std::string& path, const Say& say, coro::Yield yield);

}  // namespace client
