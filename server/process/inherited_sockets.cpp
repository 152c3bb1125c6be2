#include "server/process/inherited_sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string>

#include "server/config/config_error.hpp"

namespace server {
namespace {

// An integer option of SOL_SOCKET; none if this is no socket.
std::optional<int> option_of(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

bool is_listening_stream(int descriptor) {
  constexpr std::array families = {AF_INET, AF_INET6, AF_UNIX};
  return std::ranges::find(families, option_of(descriptor, SO_DOMAIN)) != families.end() &&
         option_of(descriptor, SO_TYPE) == SOCK_STREAM &&
         option_of(descriptor, SO_PROTOCOL) != IPPROTO_SCTP &&
         option_of(descriptor, SO_ACCEPTCONN) == 1;
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
  const int family = option_of(descriptor, SO_DOMAIN).value();
  const int protocol = option_of(descriptor, SO_PROTOCOL).value();
  return {executor, boost::asio::generic::stream_protocol(family, protocol), descriptor};
}

}  // namespace server
