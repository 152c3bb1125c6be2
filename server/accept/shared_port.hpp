#pragma once

#include <vector>

namespace server {

/// While it exists, these sockets of this process may be bound to one port. It affects only sockets
/// that bind or begin to listen meanwhile (SO_REUSEPORT in socket(7)).
class SharedPort {
 public:
  explicit SharedPort(std::vector<int> sockets);
  ~SharedPort();
  SharedPort(const SharedPort&) = delete;
  SharedPort& operator=(const SharedPort&) = delete;
  SharedPort(SharedPort&&) = delete;
  SharedPort& operator=(SharedPort&&) = delete;

 private:
  std::vector<int> sockets_;
  std::vector<int> before_;
};

}  // namespace server
