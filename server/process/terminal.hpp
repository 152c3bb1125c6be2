#pragma once

#include "coro/descriptor.hpp"
#include "coro/signals.hpp"

namespace server {

/// The terminal at which the service was started in the foreground: the service ends with it.
class Terminal {
 public:
  /// None: a service manager, a container without one, --daemon.
  Terminal() = default;

  /// The terminal that controls this process, if one does; none if SIGHUP was ignored at the start,
  /// as by nohup(1).
  static Terminal controlling();

  /// Whether this SIGHUP reports that the terminal was closed. The kernel sends it then, and so
  /// does the leader of the session, such as a shell to its jobs and sudo(8) to its command. Any
  /// other process that sends one, and a shell to a job in the background, asks for a reload.
  bool closed_by(const coro::Signals::Origin& hangup) const;

 private:
  explicit Terminal(int descriptor) : descriptor_(descriptor) {}

  coro::Descriptor descriptor_;
};

}  // namespace server
