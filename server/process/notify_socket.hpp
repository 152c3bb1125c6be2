#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"

namespace server {

/// The socket of a service manager for messages of its services: sd_notify(3), spoken without
/// libsystemd.
class NotifySocket {
 public:
  /// `address` as in NOTIFY_SOCKET: an absolute path, or '@' and a name in the abstract namespace
  /// (unix(7)). With anything else each send() fails.
  explicit NotifySocket(const std::string& address);

  /// Sends one message, lines of VARIABLE=VALUE. Never waits: would_block if the receiver does not
  /// keep up.
  coro::error_code send(std::string_view message) const;

 private:
  coro::Descriptor socket_;
  sockaddr_un receiver_{.sun_family = AF_UNIX, .sun_path = {}};
  socklen_t receiver_size_ = 0;  // 0 = the address is none
};

}  // namespace server
