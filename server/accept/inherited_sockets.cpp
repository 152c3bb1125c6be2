#include "server/accept/inherited_sockets.hpp"

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

}  // namespace

InheritedSockets inherited_sockets(const std::vector<InheritedDescriptor>& descriptors) {
  InheritedSockets sockets;
  for (const auto& [number, name] : descriptors) {
    const std::string what =
        "inherited descriptor " + std::to_string(number) + " ('" + escaped(name) + "'): ";
    if (!is_listening_stream(number))
      throw ConfigError(what + "is no listening stream socket, TCP or Unix");
    if (name != "admin")
      sockets.echo.push_back(number);
    else if (!sockets.admin)
      sockets.admin = number;
    else
      throw ConfigError(what + "is the second of that name; there is one admin endpoint");
  }
  return sockets;
}

coro::Acceptor adopt(int descriptor, const coro::Executor& executor) {
  const int family = socket_option(descriptor, SO_DOMAIN).value();
  const int protocol = socket_option(descriptor, SO_PROTOCOL).value();
  return {executor, boost::asio::generic::stream_protocol(family, protocol), descriptor};
}

}  // namespace server
