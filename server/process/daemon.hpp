#pragma once

#include <optional>

#include "coro/descriptor.hpp"

namespace server {

/// A process that goes on in the background, while the process that was started waits only until
/// the service listens: daemon(7), without the second fork, since nothing here opens a terminal to
/// control it.
class Daemon {
 public:
  /// Forks. The child returns at once and without a value; its standard input and output are
  /// /dev/null, its errors still go where they went, and of the descriptors from `first_unwanted`
  /// on none is open. The parent returns once the child has detached or ended, with the code to
  /// exit with: 0 or the child's own. No thread may run yet. Throws std::system_error.
  std::optional<int> begin(int first_unwanted);

  /// Whether the parent still waits.
  bool attached() const { return parent_.is_open(); }

  /// Instead of begin(), if this process is in the background already, with another program before
  /// this one: leaves the directory that it has gone back to. Throws std::system_error.
  static void go_on();

  /// Called when the child serves: it leaves the terminal, its session and its directory, and the
  /// parent ends. Does nothing without begin(). Throws std::system_error.
  void detach();

 private:
  coro::Descriptor parent_;  // a pipe; a byte in it: the child has detached
};

}  // namespace server
