#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>

#include "coro/io.hpp"

namespace server {

/// The other end of a connection.
struct Peer {
  /// ADDRESS:PORT, [ADDRESS]:PORT for IPv6, "unix" for a Unix socket.
  std::string name;
  /// None for a Unix socket. An IPv4-mapped IPv6 address is given as IPv4.
  std::optional<boost::asio::ip::address> address;
};

Peer peer_at(const coro::Endpoint& endpoint);
Peer peer_at(const boost::asio::ip::tcp::endpoint& endpoint);

/// The IP address and port of a socket, as they are; none of a Unix socket.
std::optional<boost::asio::ip::tcp::endpoint> ip_endpoint(const coro::Endpoint& endpoint);

/// As in Peer::name; for the address of a listener, whose Unix socket has a path: unix:PATH.
std::string to_string(const coro::Endpoint& endpoint);

/// The address that a socket is bound to. Throws boost::system::system_error.
coro::Endpoint local_endpoint(int socket);

}  // namespace server
