#pragma once

#include <string_view>

#include "coro/io.hpp"

/// Output for people and programs. Nothing here throws: if it cannot be written, the run goes on or
/// ends in order, and the exit status reports it.
namespace client {

using coro::error_code;

/// Writes all of the text to standard output, and waits for a reader that is slow, but not beyond a
/// signal that is caught. After a failure nothing more is written.
void print(std::string_view text);

/// SIGINT no longer interrupts print(): it is not the end of this program. Before the first
/// print().
void keep_printing_at_interrupt();

/// Why standard output could not be written; no error if it could.
error_code print_failure();

/// Writes the text to standard error, or leaves it out: a reader that is gone or stands still, or
/// a full disk, stops nobody.
void print_error(std::string_view text);

}  // namespace client
