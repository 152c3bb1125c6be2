#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "client/output/standard_stream.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// The lines of standard input.
class InputLines {
 public:
  /// longest: bytes of a line, its end included.
  InputLines(coro::Scheduler& scheduler, std::size_t longest);

  struct Line {
    coro::error_code error;
    std::string_view bytes;  ///< until the next call; with the line end, which the last may lack
  };

  /// Suspends until there is a line. Empty without an error: the end of the input. message_size if
  /// the line is too long, otherwise an error is one of the input.
  Line next(coro::Yield yield);

 private:
  StandardInput input_;
  std::size_t longest_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what was not returned
  bool ended_ = false;
};

}  // namespace client
