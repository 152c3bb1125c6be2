#pragma once

#include <cstddef>
#include <span>

#include "client/readiness.hpp"

namespace client {

/// Reads standard input, whatever it is, without ever blocking the other coroutines for longer than
/// a disk does.
class StandardInput {
 public:
  explicit StandardInput(const coro::Executor& executor);

  struct Read {
    coro::error_code error;
    std::size_t size = 0;  ///< 0 without an error: the end of the input
  };

  /// Suspends until there is something, and reads what there is.
  Read read_some(std::span<std::byte> buffer, coro::Yield yield);

 private:
  Readiness readable_;
};

/// Writes standard output, whatever it is. A reader that is gone ends the process by SIGPIPE, as in
/// any pipeline.
class StandardOutput {
 public:
  explicit StandardOutput(const coro::Executor& executor);

  /// Suspends until all of it is written.
  coro::error_code write(std::span<const std::byte> bytes, coro::Yield yield);

 private:
  Readiness writable_;
};

}  // namespace client
