#include "server/accept/accept_error.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace server {

bool concerns_one_connection(coro::error_code error) {
  // accept(2): network errors of the new connection are returned here.
  constexpr std::array errors = {ECONNABORTED, EINTR,      EPROTO,       ENETDOWN,   ENOPROTOOPT,
                                 EHOSTDOWN,    ENONET,     EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH,
                                 ETIMEDOUT,    ECONNRESET, ECONNREFUSED};
  return std::ranges::find(errors, error.value()) != errors.end();
}

std::string why_connections_wait(coro::error_code error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
      return "out of descriptors: connections wait";
    case ENOBUFS:
    case ENOMEM:
      return "out of memory for sockets: connections wait";
    case ENOSPC:  // epoll_ctl(2)
      return "out of epoll watches (fs.epoll.max_user_watches): connections wait";
    default:
      return "cannot accept, connections wait: " + error.message();
  }
}

// The error of accept(2) does not show it: on a Unix socket that is shut down it is EAGAIN.
bool is_shut_down(int listening_socket) {
  pollfd events{.fd = listening_socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&events, 1, 0) > 0;
}

}  // namespace server
