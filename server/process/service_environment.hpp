#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace server {

/// A descriptor that was open when the service started, for it to use.
struct InheritedDescriptor {
  int number;
  std::string name;  // LISTEN_FDNAMES; "unknown" if it has none
};

/// SD_LISTEN_FDS_START of sd_listen_fds(3).
inline constexpr int first_inherited = 3;

/// The variables that a service manager (systemd) sets for a service that it starts.
struct ServiceEnvironment {
  std::string notify_socket = {};                     // sd_notify(3); "" = nobody wants to know
  std::chrono::microseconds watchdog{0};              // sd_watchdog_enabled(3); 0 = none
  std::vector<InheritedDescriptor> descriptors = {};  // sd_listen_fds(3)

  /// The descriptors after the last that is for the service to use.
  int first_unwanted() const { return first_inherited + static_cast<int>(descriptors.size()); }

  /// Reads the variables of these protocols, and removes them so that nothing the service might
  /// start takes them for its own; the descriptors are closed on exec. Variables for another
  /// process (WATCHDOG_PID, LISTEN_PID) are ignored. Throws ConfigError if LISTEN_FDS or
  /// LISTEN_FDNAMES cannot be what a service manager would write.
  static ServiceEnvironment take();
};

}  // namespace server
