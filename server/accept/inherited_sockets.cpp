#include "server/accept/inherited_sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

#include "server/accept/socket_options.hpp"
#include "server/config/config_error.hpp"

namespace server {
namespace {

bool is_listening_stream(int descriptor) {
  constexpr std::array families = {AF_INET, AF_INET6, AF_UNIX};
  return std::ranges::find(families, socket_option(descriptor, SO_DOMAIN)) != families.end() &&
         socket_option(descriptor, SO_TYPE) == SOCK_STREAM &&
         socket_option(descriptor, SO_PROTOCOL) != IPPROTO_SCTP &&
         socket_option(descriptor, SO_ACCEPTCONN) == 1;
}

// Bound and not connected, so that everybody can send to it.
bool is_bound_udp(int descriptor) {
  sockaddr_in6 address{};  // an IPv4 address has its port at the same place
  socklen_t size = sizeof address;
  const bool is_bound =
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
      address.sin6_port != 0;
  size = sizeof address;
  return is_bound && socket_option(descriptor, SO_TYPE) == SOCK_DGRAM &&
         socket_option(descriptor, SO_PROTOCOL) == IPPROTO_UDP &&
         ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0;
}

}  // namespace

InheritedSockets inherited_sockets(const std::vector<InheritedDescriptor>& descriptors) {
  InheritedSockets sockets;
  for (const auto& [number, name] : descriptors) {
    const std::string what =
        "inherited descriptor " + std::to_string(number) + " ('" + escaped(name) + "'): ";
    const bool is_udp = is_bound_udp(number);
    if (!is_udp && !is_listening_stream(number))
      throw ConfigError(what + "is no listening stream socket, TCP or Unix, and no bound UDP one");
    if (is_udp && name == "admin")
      throw ConfigError(what + "is a UDP socket; the admin endpoint is served over TCP or Unix");
    if (is_udp && name == "tls")
      throw ConfigError(what + "is a UDP socket; TLS is served over TCP or Unix");
    if (is_udp)
      sockets.udp.push_back(number);
    else if (name == "tls")
      sockets.tls.push_back(number);
    else if (name != "admin")
      sockets.echo.push_back(number);
    else if (!sockets.admin)
      sockets.admin = number;
    else
      throw ConfigError(what + "is the second of that name; there is one admin endpoint");
  }
  return sockets;
}

coro::Descriptor owned_socket(int number) {
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  ::fcntl(number, F_SETFL, ::fcntl(number, F_GETFL) | O_NONBLOCK);
  return coro::Descriptor(number);
}

}  // namespace server
