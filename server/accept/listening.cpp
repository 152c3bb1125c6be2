#include "server/accept/listening.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <utility>

#include "coro/error.hpp"
#include "coro/resolve.hpp"
#include "server/accept/bind_socket.hpp"
#include "server/accept/socket_options.hpp"
#include "server/config/config_error.hpp"
#include "server/net/network.hpp"
#include "server/net/peer.hpp"
#include "server/process/lock_file.hpp"

namespace server {
namespace {

using boost::asio::ip::tcp;
using boost::asio::local::stream_protocol;
using boost::system::system_error;
using ListenAddresses = std::vector<ListenAddress>;

ListenAddress address_for(const boost::asio::ip::address& address, std::uint16_t port,
                          const std::string& origin) {
  return {.endpoint = tcp::endpoint(address, port),
          .origin = origin,
          .dual_stack = address.is_v6() && address.is_unspecified()};
}

ListenAddresses addresses_of(const std::string& host, std::uint16_t port, const std::string& origin,
                             coro::Yield yield) {
  if (host == "localhost") {  // known without asking (RFC 6761, 6.3)
    ListenAddresses both = {address_for(boost::asio::ip::address_v4::loopback(), port, origin),
                            address_for(boost::asio::ip::address_v6::loopback(), port, origin)};
    both.back().optional = true;
    return both;
  }
  if (const auto address = parse_address(host))
    return {address_for(unmapped(*address), port, origin)};

  const auto found = coro::resolve(yield, host, "");
  if (!found)
    throw ConfigError(origin + ": cannot resolve '" + host + "': " + found.error().message());
  ListenAddresses addresses;
  for (const tcp::endpoint& endpoint : *found)
    addresses.push_back(address_for(endpoint.address(), port, origin));
  return addresses;
}

// A socket for all addresses is reached at each of them, and keeps others from binding one.
void leave_out_what_wildcards_cover(ListenAddresses& addresses) {
  bool all_ipv4 = false;
  bool all_ipv6 = false;
  for (const ListenAddress& address : addresses) {
    const auto ip = peer_at(address.endpoint).address;
    if (!ip || !ip->is_unspecified()) continue;
    all_ipv4 |= ip->is_v4() || address.dual_stack;
    all_ipv6 |= ip->is_v6();
  }
  std::erase_if(addresses, [&](const ListenAddress& address) {
    const auto ip = peer_at(address.endpoint).address;
    return ip && !ip->is_unspecified() && (ip->is_v4() ? all_ipv4 : all_ipv6);
  });
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

ListenAddress over_ipv4_alone(const ListenAddress& dual_stack) {
  const auto* const wildcard = reinterpret_cast<const sockaddr_in6*>(dual_stack.endpoint.data());
  ListenAddress address = dual_stack;
  address.endpoint = tcp::endpoint(boost::asio::ip::address_v4::any(), ntohs(wildcard->sin6_port));
  address.dual_stack = false;
  return address;
}

ListenAddresses host_addresses(const Config& config, std::uint16_t port, coro::Yield yield) {
  ListenAddresses all;
  for (const std::string& host : config.host) {
    for (ListenAddress& address : addresses_of(host, port, config.origins.where("host"), yield)) {
      // localhost and 127.0.0.1 are one.
      if (std::ranges::find(all, address.endpoint, &ListenAddress::endpoint) == all.end())
        all.push_back(std::move(address));
    }
  }
  const tcp::endpoint any_ipv4(tcp::v4(), port);
  if (std::ranges::find(all, any_ipv4, &ListenAddress::endpoint) != all.end())
    for (ListenAddress& address : all)
      address.dual_stack = false;
  leave_out_what_wildcards_cover(all);
  return all;
}

ListenAddresses tls_addresses(const Config& config, coro::Yield yield) {
  if (!config.tls.port) return {};
  ListenAddresses all = host_addresses(config, *config.tls.port, yield);
  for (ListenAddress& address : all) {
    address.origin = config.origins.where("tls.port");
    address.transport = Transport::tls;
  }
  return all;
}

ListenAddresses listen_addresses(const Config& config, coro::Yield yield) {
  ListenAddresses all = host_addresses(config, config.port, yield);
  std::ranges::move(tls_addresses(config, yield), std::back_inserter(all));
  if (!config.unix_socket.path.empty()) {
    all.push_back({.endpoint = stream_protocol::endpoint(config.unix_socket.path),
                   .origin = config.origins.where("unix.path")});
  }
  return all;
}

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

ListenAddress admin_address(const Config& config, coro::Yield yield) {
  ListenAddress address = addresses_of(config.admin.host, config.admin.port.value(),
                                       config.origins.where("admin.host"), yield)
                              .front();
  address.origin = config.origins.where("admin.port");
  return address;
}

bool is_absent(coro::error_code error) {
  return error == boost::asio::error::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

std::string cannot_listen(const coro::Endpoint& endpoint, coro::error_code reason) {
  return "cannot listen on " + to_string(endpoint) + ": " + reason.message();
}

}  // namespace server
