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

// A raw stream socket. Each wait ends after service::patience. Every failure is an exception:
// std::system_error from the socket, std::runtime_error when time is up or the stream ends early.
class SocketClient {
 public:
  // Connects to a numeric IPv4 or IPv6 address, from `source` if given, with a receive buffer of
  // `receive_buffer` bytes (SO_RCVBUF) if given.
  SocketClient(const std::string& address, std::uint16_t port, const std::string& source = "",
               int receive_buffer = 0);
  // Connects to a Unix socket.
  explicit SocketClient(const std::filesystem::path& path);

  void send(std::string_view bytes);

  // Sends without receiving until the socket takes nothing for `quiet`. Returns how much it took.
  std::size_t send_until_blocked(std::string_view bytes,
                                 std::chrono::milliseconds quiet = std::chrono::milliseconds(300));

  // Receives exactly so many bytes.
  std::string receive(std::size_t size);

  // Receives until nothing has come for `quiet`, or the connection has ended in any way.
  std::string receive_until_quiet(std::chrono::milliseconds quiet = std::chrono::milliseconds(300));

  // Receives everything up to the server's FIN.
  std::string receive_until_end();

  // Sends the bytes, which must fit into the socket's buffers, and receives as many.
  std::string echo(std::string_view bytes);

  // Sends the bytes and half-closes, and receives meanwhile. Returns everything up to the server's
  // FIN.
  std::string exchange(std::string_view bytes);

  // Sends FIN.
  void half_close();

  // Closes by RST instead of FIN.
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

// Connects to a Unix socket as soon as somebody listens there: its file exists before that.
SocketClient connect_when_listening(const std::filesystem::path& path);

}  // namespace service
