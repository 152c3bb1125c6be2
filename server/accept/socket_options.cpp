#include "server/accept/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "coro/error.hpp"

namespace server {
namespace {

// Bytes that the kernel takes for one client beyond what is under way: several reads of a session,
// so that even a client with megabytes under way is seldom waited for.
constexpr int most_unsent = 1024 * 1024;

bool try_option(int socket, int level, int option, int value) {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0;
}

// Multipath TCP does not know all options of TCP, some of them in newer kernels only: an inherited
// socket is served without.
void set_if_known(int socket, int level, int option, int value) {
  if (!try_option(socket, level, option, value) && errno != ENOPROTOOPT && errno != EOPNOTSUPP)
    throw boost::system::system_error(coro::last_error(), "setsockopt");
}

}  // namespace

std::optional<int> socket_option(int descriptor, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

void set_option(int socket, int level, int option, int value) {
  coro::checked(::setsockopt(socket, level, option, &value, sizeof value), "setsockopt");
}

void apply_tcp_options(int socket, const TcpConfig& config) {
  const auto keepalive = static_cast<int>(config.keepalive.count());
  keep_urgent_bytes(socket);
  set_if_known(socket, IPPROTO_TCP, TCP_NODELAY, config.nodelay ? 1 : 0);
  set_if_known(socket, SOL_SOCKET, SO_KEEPALIVE, keepalive > 0 ? 1 : 0);
  if (keepalive > 0) set_if_known(socket, IPPROTO_TCP, TCP_KEEPIDLE, keepalive);
  // Unread bytes of a client would fill megabytes of the kernel's memory. Bytes under way are
  // not limited, so that a fast line stays fast. Multipath TCP has no such option everywhere.
  try_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, most_unsent);
}

void share_port(int socket, bool shared) {
  set_if_known(socket, SOL_SOCKET, SO_REUSEPORT, shared ? 1 : 0);
}

void keep_urgent_bytes(int socket) {
  try_option(socket, SOL_SOCKET, SO_OOBINLINE, 1);
}

bool keeps_urgent_bytes(int socket) {
  return socket_option(socket, SO_OOBINLINE).value_or(0) != 0;
}

}  // namespace server
