#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/service/file_descriptor.hpp"

namespace service {

// A port of 127.0.0.1 that does not answer, as behind a firewall: its queue of connections is full.
class BlackHole {
 public:
  BlackHole();

  std::uint16_t port() const { return port_; }
  // Waits until another client tries to connect. Throws std::runtime_error when time is up.
  void wait_for_client() const;

 private:
  std::size_t connecting() const;

  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::vector<FileDescriptor> clients_;
  std::size_t own_ = 0;
};

}  // namespace service
