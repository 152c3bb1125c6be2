#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/service/file_descriptor.hpp"

namespace injection {

// A client that expects nothing: whatever fails, or takes longer than its limit, is an answer.
class Client {
 public:
  // To 127.0.0.1.
  Client(std::uint16_t port, std::chrono::milliseconds limit);
  // To a Unix socket.
  Client(const std::filesystem::path& path, std::chrono::milliseconds limit);

  // Sends all and receives until `size` bytes have come or nothing more can; what has come. It
  // would rather send than receive, so that what it sends piles up at the service.
  std::string exchange(std::string_view bytes, std::size_t size);

 private:
  service::FileDescriptor socket_;
  std::chrono::milliseconds limit_;
};

// Whether a datagram came back over UDP from 127.0.0.1.
bool returns(std::uint16_t port, std::string_view datagram, std::chrono::milliseconds limit);

// Whether the bytes came back, and no others.
bool echoes(Client client, std::string_view bytes);

}  // namespace injection
