#include "server/accept/listening.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

#include "coro/error.hpp"
#include "server/accept/bind_socket.hpp"
#include "server/accept/socket_options.hpp"
#include "server/net/peer.hpp"
#include "server/process/lock_file.hpp"

namespace server {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::system_error;
using boost::system::errc::permission_denied;

constexpr const char* remedy_of_privileges =
    " (a port below net.ipv4.ip_unprivileged_port_start, which is 1024 by default, needs "
    "CAP_NET_BIND_SERVICE or coroecho.socket)";

bool has_port(const ListenAddress& address) {
  return address.endpoint.protocol().family() != AF_UNIX;
}

void set_listening_options(int socket, const ListenAddress& address, const Config& config) {
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  share_port(socket, config.reuse_port);
  if (address.endpoint.protocol().family() == AF_INET6)
    set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, address.dual_stack ? 0 : 1);
  apply_tcp_options(socket, config.tcp);
}

// Until it listens, a socket refuses connections as a stale one does. The lock keeps other
// processes that start from looking before that.
boost::system::result<ListeningSocket> listen_at_path(const std::string& path,
                                                      coro::Descriptor socket,
                                                      const Config& config) {
  const auto lock = LockFile::take(path);
  if (!lock && lock.error() == boost::system::errc::operation_would_block)
    return boost::asio::error::address_in_use;
  if (!lock) return lock.error();
  SocketFile::remove_stale(path);
  if (const auto unbound = bind_socket(socket.number(), stream_protocol::endpoint(path), {}))
    return unbound;
  SocketFile file(path);
  // Before listen(), so that nobody connects with other permissions.
  if (const auto unchanged = file.set_mode(config.unix_socket.mode)) return unchanged;
  if (::listen(socket.number(), config.backlog) != 0) return coro::last_error();
  return ListeningSocket{.socket = std::move(socket), .file = std::move(file)};
}

}  // namespace

boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              const std::vector<int>& ceding) try {
  const int family = address.endpoint.protocol().family();
  coro::Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open() && errno == EAFNOSUPPORT && address.dual_stack)
    return listen(over_ipv4_alone(address), config, ceding);
  if (!socket.is_open()) return coro::last_error();
  if (family == AF_UNIX) return listen_at_path(config.unix_socket.path, std::move(socket), config);
  set_listening_options(socket.number(), address, config);
  if (const auto unbound = bind_socket(socket.number(), address.endpoint, ceding, config.backlog))
    return unbound;
  return ListeningSocket{.socket = std::move(socket), .file = {}};
} catch (const system_error& error) {
  return error.code();
}

bool is_absent(coro::error_code error) {
  return error == boost::asio::error::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

std::string cannot_listen(const ListenAddress& address, coro::error_code reason,
                          const std::string& protocol) {
  const std::string text = "cannot listen on " + protocol + (protocol.empty() ? "" : " ") +
                           to_string(address.endpoint) + ": " + reason.message();
  return has_port(address) && reason == permission_denied ? text + remedy_of_privileges : text;
}

ConfigError listening_mistake(const ListenAddress& address, coro::error_code reason,
                              const std::string& protocol) {
  const bool concerns_port = has_port(address) && (reason == boost::asio::error::address_in_use ||
                                                   reason == permission_denied);
  const std::string& origin = concerns_port ? address.port_origin : address.origin;
  ConfigError mistake(origin + ": " + cannot_listen(address, reason, protocol));
  return mistake;
}

}  // namespace server
