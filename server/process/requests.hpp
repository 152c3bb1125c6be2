#pragma once

#include <csignal>
#include <initializer_list>

namespace server {

inline sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : numbers)
    ::sigaddset(&signals, number);
  return signals;
}

/// The signals by which a running service is asked for something: to reload, for figures, for a new
/// log file, for an upgrade. One that comes before there is a service must wait and not end the
/// process.
inline sigset_t requests() {
  return set_of({SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN});
}

/// The signals that stop a running service. Before there is one they end the process at once; from
/// then on they must not, or the last lines of the log are lost.
inline sigset_t requests_to_stop() {
  return set_of({SIGTERM, SIGINT});
}

}  // namespace server
