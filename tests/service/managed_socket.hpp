#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/service/file_descriptor.hpp"

namespace service {

// A socket of the service manager, which outlives the services that serve it (sd_listen_fds(3)).
class ManagedSocket {
 public:
  // A socket of any family on a free port. Without `listens` it is only bound.
  explicit ManagedSocket(int family, int type = SOCK_STREAM, bool listens = true, int protocol = 0);
  // A UDP socket on all addresses, IPv4 and IPv6, as ListenDatagram= of a port makes it, or on
  // another IPv6 address.
  static ManagedSocket datagrams(const std::string& host = "::");
  // A listening Unix socket.
  explicit ManagedSocket(const std::filesystem::path& path);

  std::uint16_t port() const;
  void shut_down() const { shutdown(socket_.get(), SHUT_RDWR); }
  std::string descriptor() const { return std::to_string(socket_.get()); }

 private:
  explicit ManagedSocket(FileDescriptor socket) : socket_(std::move(socket)) {}
  void bind_to(const sockaddr* address, std::size_t size) const;
  void listen_on_it() const;

  FileDescriptor socket_;
};

// A command that runs the next one with the sockets as descriptors 3, 4, ... and the variables.
std::vector<std::string> activation(const std::vector<const ManagedSocket*>& sockets,
                                    const std::string& names = "",
                                    const std::string& more_variables = "");

}  // namespace service
