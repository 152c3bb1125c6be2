#pragma once

#include <optional>

#include "server/config/config.hpp"

/// Options of listening sockets; the sockets that they accept inherit them (tcp(7)), so nothing is
/// paid per connection.
namespace server {

/// An integer option of SOL_SOCKET; none if the descriptor is no socket.
std::optional<int> socket_option(int descriptor, int option);

/// Sets an integer option. Throws boost::system::system_error.
void set_option(int socket, int level, int option, int value);

/// tcp.nodelay, tcp.keepalive, and urgent bytes in their place in the stream. Throws
/// boost::system::system_error.
void apply_tcp_options(int socket, const TcpConfig& config);

/// Whether other processes may listen on the port, too, if they ask for it (reuse_port). Throws
/// boost::system::system_error.
void share_port(int socket, bool shared);

/// Urgent bytes become bytes of the stream, in their place in it (RFC 6093; MSG_OOB in send(2)).
/// Without this they would not come back. Fails for Multipath TCP, which has none.
void keep_urgent_bytes(int socket);

/// Whether a listening socket does so for the connections that it accepts: TCP does, a Unix socket
/// does not, nor does Multipath TCP for clients without.
bool keeps_urgent_bytes(int socket);

}  // namespace server
