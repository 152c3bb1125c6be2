#pragma once

#include <optional>

namespace server {

/// A process that goes on in the background, while the one that was started waits only until it
/// serves: daemon(7), without the second fork, since nothing here opens a terminal to control it.
class Daemon {
 public:
  Daemon() = default;
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  Daemon(Daemon&&) = delete;
  Daemon& operator=(Daemon&&) = delete;

  /// Forks. The child returns at once and without a value; its standard input and output are
  /// /dev/null, its errors still go where they went, and of the descriptors from `first_unwanted`
  /// on none is open. The parent returns once the child has detached or ended, with the code to
  /// exit with: 0 or the child's own. No thread may run yet. Throws std::system_error.
  std::optional<int> begin(int first_unwanted);

  /// Whether the parent still waits.
  bool attached() const { return parent_ >= 0; }

  /// The child serves: it leaves the terminal, its session and its directory, and lets the parent
  /// go. Does nothing without begin().
  void detach();

 private:
  int parent_ = -1;  // a pipe: a byte says that the child has detached
};

}  // namespace server
