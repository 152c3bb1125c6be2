#pragma once

#include <string>

#include "client/terminal/terminal.hpp"
#include "client/wire/channel.hpp"
#include "coro/yield.hpp"
#include "program/histogram.hpp"

/// Bodies of the coroutines that run beside the prompt. Each returns early if it is cancelled or
/// the link is lost.
namespace client {

/// Sends `count` small messages, five a second. Shows how long each echo took, and at the end a
/// summary. Records the times in `round_trips` too, which must outlive the link, as the terminal
/// must.
void send_pings(Channel& link, std::size_t count, program::Histogram& round_trips,
                Terminal& terminal, coro::Yield yield);

/// Sends a file, and shows when all of it has come back. The terminal must outlive the link.
void send_file(Channel& link, const std::string& path, Terminal& terminal, coro::Yield yield);

}  // namespace client
