#pragma once

#include <cstdint>

#include "tests/service/file_descriptor.hpp"

namespace service {

// A port of 127.0.0.1 where nothing listens. It is bound, so that no test beside this one is given
// it, nor the client that connects to it.
class ClosedPort {
 public:
  ClosedPort();

  std::uint16_t port() const { return port_of(socket_); }

 private:
  FileDescriptor socket_;
};

}  // namespace service
