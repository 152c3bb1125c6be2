#include "server/accept/shared_port.hpp"

#include <sys/socket.h>

#include <utility>

#include "server/accept/socket_options.hpp"

namespace server {
namespace {

// Without it, as for a Unix socket, binding fails as it did before.
void set(int socket, int shared) {
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared));
}

}  // namespace

SharedPort::SharedPort(std::vector<int> sockets) : sockets_(std::move(sockets)) {
  for (const int socket : sockets_) {
    before_.push_back(socket_option(socket, SO_REUSEPORT).value_or(0));
    set(socket, 1);
  }
}

SharedPort::~SharedPort() {
  for (std::size_t i = 0; i < sockets_.size(); ++i)
    set(sockets_[i], before_[i]);
}

}  // namespace server
