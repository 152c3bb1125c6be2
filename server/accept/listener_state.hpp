#pragma once

#include <string>

#include "server/accept/listen_address.hpp"

namespace server {

/// A listening socket or one for datagrams, as another program needs it to go on. The numbers are
/// of descriptors that the listener keeps.
struct ListenerState {
  int socket = -1;
  ListenAddress asked = {};  ///< as configured; its origins are not kept
  bool inherited = false;
  int file = -1;          ///< of a Unix socket that this process has bound (SocketFile)
  std::string path = {};  ///< its path
  unsigned mode = 0;      ///< its permissions, as configured
  /// A connection that was accepted and has no session yet, for want of memory.
  int accepted = -1;
};

/// The listening socket of the admin endpoint. It stands here, since an upgrade hands over sockets
/// and needs nothing else of admin/.
struct AdminState {
  int socket = -1;          ///< the number of a descriptor that the endpoint keeps
  AdminConfig config = {};  ///< that it was opened for
  bool inherited = false;
};

}  // namespace server
