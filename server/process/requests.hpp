#pragma once

#include <csignal>

namespace server {

/// The signals by which a running service is asked for something: to reload, for figures, for a new
/// log file, for an upgrade. One that comes before there is a service must wait and not end the
/// process.
inline sigset_t requests() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN})
    ::sigaddset(&signals, signal);
  return signals;
}

}  // namespace server
