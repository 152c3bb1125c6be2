#pragma once

#include <cstddef>
#include <span>

#include "coro/descriptor.hpp"
#include "coro/readiness.hpp"

// Standard streams are shared with other processes, which would find them non-blocking too, even
// after the end of this one; so they stay as they are, and are touched only when they are ready.
// Only a pipe or a terminal can be opened once more.
namespace client {

/// Standard output or standard error opened once more, with a description of its own that is
/// non-blocking without anybody else noticing (proc(5), pid/fd). None where it is neither a pipe
/// nor a terminal, nobody reads it, it belongs to somebody else, or there is no /proc.
coro::Descriptor output_of_our_own(int number);

/// Reads standard input, whatever it is, without ever blocking the other coroutines for longer than
/// a disk does.
class StandardInput {
 public:
  explicit StandardInput(coro::Scheduler& scheduler);

  struct Read {
    coro::error_code error;
    std::size_t size = 0;  ///< 0 without an error: the end of the input
  };

  /// Suspends until there is something, and reads what there is.
  Read read_some(std::span<std::byte> buffer, coro::Yield yield);

 private:
  coro::Readiness readiness_;
};

/// Writes standard output, whatever it is. A reader that is gone ends the process by SIGPIPE, as in
/// any pipeline.
class StandardOutput {
 public:
  explicit StandardOutput(coro::Scheduler& scheduler);

  /// Suspends until all of it is written.
  coro::error_code write(std::span<const std::byte> bytes, coro::Yield yield);

 private:
  coro::Descriptor own_;
  int number_;
  coro::Readiness readiness_;
};

}  // namespace client
