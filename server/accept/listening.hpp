#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <vector>

#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "server/accept/listen_address.hpp"
#include "server/accept/socket_file.hpp"
#include "server/config/config.hpp"
#include "server/config/config_error.hpp"

namespace server {

/// A socket that listens, and all that lasts as long as it does.
struct ListeningSocket {
  coro::Descriptor socket;
  SocketFile file;  ///< of a Unix socket
  /// The service manager keeps this socket open: connections that we do not accept go to the next
  /// instance.
  bool inherited = false;
};

/// Binds and listens. Port 0 takes a free one. The file of a Unix socket that nobody listens on any
/// more is replaced. See bind_socket() for `ceding`.
boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              const std::vector<int>& ceding = {});

/// Whether an address cannot be listened on since the machine has no such address, or no such
/// protocol at all.
bool is_absent(coro::error_code error);

/// "cannot listen on PROTOCOL ADDRESS: REASON", with the remedy for a port that takes privileges.
/// The protocol is not named if it is "".
std::string cannot_listen(const ListenAddress& address, coro::error_code reason,
                          const std::string& protocol = "");

/// The same as the operator's mistake: "ORIGIN: cannot listen on ...", of the port if that is in
/// use or takes privileges, otherwise of the address.
ConfigError listening_mistake(const ListenAddress& address, coro::error_code reason,
                              const std::string& protocol = "");

}  // namespace server
