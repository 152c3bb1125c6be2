#include "server/accept/listening.hpp"

#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstdint>
#include <iterator>
#include <utility>

#include "coro/error.hpp"
#include "coro/resolve.hpp"
#include "server/accept/shared_port.hpp"
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
using coro::Acceptor;
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

bool is_unix(const coro::Endpoint& endpoint) {
  return endpoint.protocol().family() == AF_UNIX;
}

void set_listening_options(Acceptor& acceptor, const ListenAddress& address, const Config& config) {
  acceptor.set_option(Acceptor::reuse_address(true));
  share_port(acceptor.native_handle(), config.reuse_port);
  if (address.endpoint.protocol().family() == AF_INET6)
    acceptor.set_option(boost::asio::ip::v6_only(!address.dual_stack));
  apply_tcp_options(acceptor.native_handle(), config.tcp);
}

void bind_and_listen(Acceptor& acceptor, const coro::Endpoint& endpoint, int backlog,
                     std::vector<int> ceding) {
  coro::error_code unbound;
  acceptor.bind(endpoint, unbound);
  if (!unbound) {
    acceptor.listen(backlog);
    return;
  }
  if (unbound != boost::asio::error::address_in_use || ceding.empty()) throw system_error(unbound);
  ceding.push_back(acceptor.native_handle());
  const SharedPort shared(std::move(ceding));
  acceptor.bind(endpoint);
  acceptor.listen(backlog);
}

// Until it listens, a socket refuses connections as a stale one does. The lock keeps other
// processes that start from looking before that.
boost::system::result<ListeningSocket> listen_at_path(const std::string& path, Acceptor acceptor,
                                                      const Config& config) {
  const auto lock = LockFile::take(path);
  if (!lock && lock.error() == boost::system::errc::operation_would_block)
    return boost::asio::error::address_in_use;
  if (!lock) return lock.error();
  SocketFile::remove_stale(path);
  acceptor.bind(stream_protocol::endpoint(path));
  SocketFile file(path);
  // Before listen(), so that nobody connects with other permissions.
  if (::chmod(path.c_str(), config.unix_socket.mode) != 0) return coro::last_error();
  acceptor.listen(config.backlog);
  return ListeningSocket{.acceptor = std::move(acceptor), .file = std::move(file)};
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
                   .origin = config.origins.where("unix")});
  }
  return all;
}

boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              const coro::Executor& executor,
                                              const std::vector<int>& ceding) try {
  Acceptor acceptor(executor);
  coro::error_code unopened;
  acceptor.open(address.endpoint.protocol(), unopened);
  if (unopened == boost::asio::error::address_family_not_supported && address.dual_stack)
    return listen(over_ipv4_alone(address), config, executor, ceding);
  if (unopened) return unopened;
  if (is_unix(address.endpoint))
    return listen_at_path(config.unix_socket.path, std::move(acceptor), config);
  set_listening_options(acceptor, address, config);
  bind_and_listen(acceptor, address.endpoint, config.backlog, ceding);
  return ListeningSocket{.acceptor = std::move(acceptor), .file = {}};
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
