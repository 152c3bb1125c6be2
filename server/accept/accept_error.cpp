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

// The error of accept(2) does not show it: on a Unix socket that is shut down it is EAGAIN.
bool is_shut_down(int listening_socket) {
  pollfd events{.fd = listening_socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&events, 1, 0) > 0;
}

}  // namespace server
