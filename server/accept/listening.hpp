#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <vector>

#include "coro/io.hpp"
#include "coro/yield.hpp"
#include "server/accept/socket_file.hpp"
#include "server/config/config.hpp"

namespace server {

/// An address that the configuration asks to listen on.
struct ListenAddress {
  coro::Endpoint endpoint;
  /// "FILE:LINE: key 'host'", for errors about it.
  std::string origin;
  /// The configuration did not name this address itself (localhost is also ::1): a machine without
  /// it is fine.
  bool optional = false;
  /// An IPv6 wildcard that takes IPv4 too, since the configuration names no IPv4 wildcard beside
  /// it.
  bool dual_stack = false;
};

struct ListeningSocket {
  coro::Acceptor acceptor;
  SocketFile file;
  /// The service manager listens too: who has connected and was not accepted is the next
  /// instance's.
  bool inherited = false;
};

/// What `host`, `port` and `unix` ask for, names resolved. The error is one line for the operator.
boost::system::result<std::vector<ListenAddress>, std::string> listen_addresses(
    const Config& config, coro::Yield yield);

/// tcp.nodelay, tcp.keepalive, and urgent bytes in their place in the stream, for a listening
/// socket, from which accepted ones inherit them. Throws boost::system::system_error.
void apply_tcp_options(int socket, const TcpConfig& config);

/// Whether other processes may listen on the port of a listening socket, too, if they ask for it
/// (reuse_port). Throws boost::system::system_error.
void share_port(int socket, bool shared);

/// Urgent bytes are bytes of the stream (RFC 6093; MSG_OOB in send(2)): they come in their place
/// in it. Without this they would not come back. Fails for Multipath TCP, which has none.
void keep_urgent_bytes(int socket);

/// Whether a listening socket does so for the connections that it accepts: one of TCP does, a Unix
/// socket does not, nor does Multipath TCP for clients without.
bool keeps_urgent_bytes(int socket);

/// Port 0 takes a free one. The file of a Unix socket that nobody listens on any more is replaced.
/// `ceding` are listening TCP sockets of this process that are to be closed afterwards: that their
/// port is in use does not count, so that a port passes from one to the other without a moment in
/// which nobody listens.
boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              const coro::Executor& executor,
                                              const std::vector<int>& ceding = {});

/// What `admin.host` and `admin.port`, which must be set, ask for. One address is enough for those
/// who administrate: of a name's, the first. The error is one line for the operator.
boost::system::result<ListenAddress, std::string> admin_address(const Config& config,
                                                                coro::Yield yield);

/// "cannot listen on ADDRESS: REASON".
std::string cannot_listen(const coro::Endpoint& endpoint, coro::error_code reason);

}  // namespace server
