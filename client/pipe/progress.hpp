#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "coro/yield.hpp"

namespace client {

/// A line such as `[#####     ]  52%  512.0 MiB of 1.0 GiB  890.1 MiB/s`, no longer than `width`
/// columns. Without a total there is no bar.
std::string progress_line(std::uint64_t done, std::optional<std::uint64_t> total,
                          std::chrono::nanoseconds elapsed, std::size_t width);

/// The body of a coroutine that shows on standard error how far a transfer from standard input has
/// come, from its second second on. Wipes the line when it is cancelled. Shows nothing unless a
/// person looks at it: standard error is a terminal, and standard output is not one.
///
/// `done` returns how many bytes have come through. Must begin before any input is read.
void show_progress(const std::function<std::uint64_t()>& done, coro::Yield yield);

}  // namespace client
