#pragma once

#include <optional>
#include <vector>

#include "coro/descriptor.hpp"
#include "server/process/service_environment.hpp"

namespace server {

/// Sockets that the service manager listens on for the service (socket activation). It keeps them
/// open: clients that connect while the service restarts wait and are not refused.
struct InheritedSockets {
  std::vector<int> echo;     // replace `host`, `port` and `unix`, unless there is none
  std::vector<int> tls;      // those named "tls": replace `tls.port`, unless there is none
  std::vector<int> udp;      // replace `udp.port`, unless there is none
  std::optional<int> admin;  // the one named "admin": replaces `admin.host` and `admin.port`
};

/// Assigns the descriptors. Throws ConfigError unless each is a listening stream socket, TCP
/// or Unix, or a bound UDP socket; those named "tls", and at most one that is named "admin", must
/// be stream sockets.
InheritedSockets inherited_sockets(const std::vector<InheritedDescriptor>& descriptors);

/// Owns a socket that was opened by another program. From now on it does not block, and is closed
/// on exec. Errors show when it is used; a negative number is no socket.
coro::Descriptor owned_socket(int number);

}  // namespace server
