#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/service/file_descriptor.hpp"

namespace service {

// A raw stream socket. Whatever waits gives up after service::patience; every failure is an
// exception: std::system_error from the socket, std::runtime_error when time is up or the stream
// ends early.
class SocketClient {
 public:
  // To a numeric IPv4 or IPv6 address; `source`: from this one instead of the one that fits;
  // `receive_buffer`: of so many bytes (SO_RCVBUF) instead of the usual size.
  SocketClient(const std::string& address, std::uint16_t port, const std::string& source = "",
               int receive_buffer = 0);
  // To a Unix socket.
  explicit SocketClient(const std::filesystem::path& path);

  void send(std::string_view bytes);

  // Sends without receiving until the kernel has taken nothing for `quiet`. Returns the bytes
  // taken.
  std::size_t send_until_blocked(std::string_view bytes,
                                 std::chrono::milliseconds quiet = std::chrono::milliseconds(300));

  // Exactly that many bytes.
  std::string receive(std::size_t size);

  // Everything that comes until nothing has come for `quiet`, or the server has ended the
  // connection in whatever way.
  std::string receive_until_quiet(std::chrono::milliseconds quiet = std::chrono::milliseconds(300));

  // Everything up to the server's FIN.
  std::string receive_until_end();

  // Sends the bytes, and receives as many. For what fits into the socket's buffers.
  std::string echo(std::string_view bytes);

  // Sends the bytes and half-closes, receiving all the while; everything up to the server's FIN.
  std::string exchange(std::string_view bytes);

  // FIN: nothing more will be sent.
  void half_close();

  // RST, not FIN.
  void reset();

  void close();

  // Our end as the server's log shows it: "127.0.0.1:40000", "[::1]:40000".
  std::string name() const;

  int descriptor() const { return socket_.get(); }

 private:
  // Receives up to the server's FIN; if `sending`, sends the bytes and half-closes meanwhile.
  std::string transfer(std::string_view bytes, bool sending);

  FileDescriptor socket_;
};

}  // namespace service
