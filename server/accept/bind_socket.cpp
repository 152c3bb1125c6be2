#include "server/accept/bind_socket.hpp"

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <cstddef>
#include <utility>

#include "coro/error.hpp"
#include "server/accept/socket_options.hpp"

namespace server {
namespace {

// Without it, as for a Unix socket, binding fails as it did before.
void set(int socket, int shared) {
  static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &shared, sizeof shared));
}

// While it exists, these sockets of this process may be bound to one port. It affects only sockets
// that bind or begin to listen meanwhile (SO_REUSEPORT in socket(7)).
class SharedPort {
 public:
  explicit SharedPort(std::vector<int> sockets) : sockets_(std::move(sockets)) {
    for (const int socket : sockets_) {
      before_.push_back(socket_option(socket, SO_REUSEPORT).value_or(0));
      set(socket, 1);
    }
  }
  ~SharedPort() {
    for (std::size_t i = 0; i < sockets_.size(); ++i)
      set(sockets_[i], before_[i]);
  }
  SharedPort(const SharedPort&) = delete;
  SharedPort& operator=(const SharedPort&) = delete;
  SharedPort(SharedPort&&) = delete;
  SharedPort& operator=(SharedPort&&) = delete;

 private:
  std::vector<int> sockets_;
  std::vector<int> before_;
};

coro::error_code bind_to(int socket, const coro::Endpoint& endpoint) {
  return ::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0
             ? coro::error_code()
             : coro::last_error();
}

}  // namespace

coro::error_code bind_socket(int socket, const coro::Endpoint& endpoint, std::vector<int> ceding,
                             std::optional<int> backlog) {
  coro::error_code unbound = bind_to(socket, endpoint);
  std::optional<SharedPort> shared;
  if (unbound == boost::asio::error::address_in_use && !ceding.empty()) {
    ceding.push_back(socket);
    shared.emplace(std::move(ceding));
    unbound = bind_to(socket, endpoint);
  }
  if (unbound || !backlog || ::listen(socket, *backlog) == 0) return unbound;
  return coro::last_error();
}

}  // namespace server
