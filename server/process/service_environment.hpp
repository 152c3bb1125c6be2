#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace server {

/// A descriptor that the service manager opened for the service.
struct InheritedDescriptor {
  int number;
  std::string name;  // LISTEN_FDNAMES; "unknown" if it has none
};

/// SD_LISTEN_FDS_START of sd_listen_fds(3).
inline constexpr int first_inherited = 3;

/// The variables by which a service manager (systemd) starts a service.
struct ServiceEnvironment {
  std::string notify_socket = {};                     // sd_notify(3); "" = no messages are wanted
  std::chrono::microseconds watchdog{0};              // sd_watchdog_enabled(3); 0 = none
  std::vector<InheritedDescriptor> descriptors = {};  // sd_listen_fds(3)

  /// The first descriptor behind those of the service.
  int first_unwanted() const { return first_inherited + static_cast<int>(descriptors.size()); }

  /// Reads the variables of these protocols, and removes them so that no process that the service
  /// might start takes them for its own; the descriptors are closed on exec. Variables for another
  /// process (WATCHDOG_PID, LISTEN_PID) are ignored. Throws ConfigError if no service manager would
  /// write this LISTEN_FDS or LISTEN_FDNAMES.
  static ServiceEnvironment take();
};

}  // namespace server
