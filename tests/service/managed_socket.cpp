#include "tests/service/managed_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace service {

namespace {

// Moves it to a number beyond those that the service gets. The new one is inherited.
int above(int descriptor) {
  const int moved = fcntl(descriptor, F_DUPFD, 100);
  close(descriptor);
  return moved;
}

}  // namespace

ManagedSocket::ManagedSocket(int family, int type, bool listens, int protocol)
    : socket_(above(socket(family, type | SOCK_CLOEXEC, protocol)), "socket") {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
  }
  bind_to(reinterpret_cast<const sockaddr*>(&address),
          family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
  if (listens) listen_on_it();
}

ManagedSocket::ManagedSocket(const std::filesystem::path& path)
    : socket_(above(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), "socket") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  bind_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  listen_on_it();
}

ManagedSocket ManagedSocket::datagrams(const std::string& host) {
  ManagedSocket any(
      FileDescriptor(above(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "socket"));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  inet_pton(AF_INET6, host.c_str(), &address.sin6_addr);
  any.bind_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return any;
}

std::uint16_t ManagedSocket::port() const {
  sockaddr_in address{};  // the port of an IPv6 address is at the same place
  socklen_t size = sizeof address;
  static_cast<void>(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size));
  return ntohs(address.sin_port);
}

void ManagedSocket::bind_to(const sockaddr* address, std::size_t size) const {
  if (bind(socket_.get(), address, static_cast<socklen_t>(size)) != 0) throw_errno("bind");
}

void ManagedSocket::listen_on_it() const {
  if (listen(socket_.get(), 4096) != 0) throw_errno("listen");
}

std::vector<std::string> activation(const std::vector<const ManagedSocket*>& sockets,
                                    const std::string& names, const std::string& more_variables) {
  std::string script = "export LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(sockets.size());
  if (!names.empty()) script += " LISTEN_FDNAMES=" + names;
  script += ' ' + more_variables + "; exec \"$@\"";
  for (std::size_t index = 0; index < sockets.size(); ++index)
    script += ' ' + std::to_string(3 + index) + "<&" + sockets[index]->descriptor();
  for (const ManagedSocket* socket : sockets)
    script += ' ' + socket->descriptor() + "<&-";
  return {"bash", "-c", script, "bash"};
}

}  // namespace service
