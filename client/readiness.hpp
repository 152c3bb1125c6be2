#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// Waits until a descriptor that is shared with other processes, such as standard input, can be
/// read or written.
///
/// Asio would make the descriptor non-blocking, and with it the terminal or pipe of everybody who
/// shares it, also after the end of this process. So the descriptor goes into an epoll instance of
/// its own (epoll(7)), and it is that one that Asio waits for.
class Readiness {
 public:
  enum class For { reading, writing };

  /// The descriptor must stay open as long as this object lives.
  /// Throws boost::system::system_error if it cannot be watched.
  Readiness(const coro::Executor& executor, int descriptor, For purpose);

  /// Suspends until the descriptor is ready, at its end, or broken. operation_aborted if cancelled.
  coro::error_code wait(coro::Yield yield);

  /// A regular file: epoll refuses it, because it never blocks.
  bool always() const { return always_; }

 private:
  boost::asio::posix::basic_stream_descriptor<coro::Executor> epoll_;
  bool always_ = false;
};

}  // namespace client
