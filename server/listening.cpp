#include "server/listening.hpp"

#include <netinet/tcp.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/socket_base.hpp>
#include <utility>

#include "server/network.hpp"

namespace server {
namespace {

using boost::asio::ip::tcp;
using boost::asio::local::stream_protocol;
using boost::system::system_error;
using coro::Acceptor;
using ListenAddresses = std::vector<ListenAddress>;

using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
using KeepAliveIdle = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;

bool listens_on_any_ipv4(const Config& config) {
  return std::ranges::find(config.host, "0.0.0.0") != config.host.end();
}

ListenAddress address_for(const boost::asio::ip::address& address, const Config& config) {
  return {
      .endpoint = tcp::endpoint(address, config.port),
      .origin = config.origins.where("host"),
      .dual_stack = address.is_v6() && address.is_unspecified() && !listens_on_any_ipv4(config)};
}

ListenAddresses localhost(const Config& config) {
  ListenAddresses addresses = {address_for(boost::asio::ip::address_v4::loopback(), config),
                               address_for(boost::asio::ip::address_v6::loopback(), config)};
  addresses.back().optional = true;
  return addresses;
}

boost::system::result<ListenAddresses, std::string> addresses_of(const std::string& host,
                                                                 const Config& config,
                                                                 coro::Yield yield) {
  if (host == "localhost") return localhost(config);  // known without asking (RFC 6761, 6.3)
  if (const auto address = parse_address(host))
    return ListenAddresses{address_for(*address, config)};

  coro::TcpResolver resolver(yield.executor());
  const auto [error, found] =
      resolver.async_resolve(host, "", boost::asio::ip::resolver_base::passive, yield);
  if (error) {
    return config.origins.where("host") + ": cannot resolve '" + host + "': " + error.message();
  }
  ListenAddresses addresses;
  for (const auto& entry : found) {
    addresses.push_back(address_for(entry.endpoint().address(), config));
  }
  return addresses;
}

bool is_unix(const coro::Endpoint& endpoint) {
  return endpoint.protocol().family() == AF_UNIX;
}

void set_listening_options(Acceptor& acceptor, const ListenAddress& address, const Config& config) {
  acceptor.set_option(Acceptor::reuse_address(true));
  if (config.reuse_port) acceptor.set_option(ReusePort(true));
  if (address.endpoint.protocol().family() == AF_INET6) {
    acceptor.set_option(boost::asio::ip::v6_only(!address.dual_stack));
  }
  apply_tcp_options(acceptor, config.tcp);
}

}  // namespace

// On the listening socket, since accepted ones inherit them (tcp(7)) and nothing is paid per
// connection.
void apply_tcp_options(Acceptor& acceptor, const TcpConfig& config) {
  acceptor.set_option(tcp::no_delay(config.nodelay));
  acceptor.set_option(Acceptor::keep_alive(config.keepalive.count() > 0));
  if (config.keepalive.count() > 0) {
    acceptor.set_option(KeepAliveIdle(static_cast<int>(config.keepalive.count())));
  }
}

boost::system::result<ListenAddresses, std::string> listen_addresses(const Config& config,
                                                                     coro::Yield yield) {
  ListenAddresses all;
  for (const std::string& host : config.host) {
    const auto addresses = addresses_of(host, config, yield);
    if (!addresses) return addresses.error();
    for (const ListenAddress& address : *addresses) {  // localhost and 127.0.0.1 are one
      if (std::ranges::find(all, address.endpoint, &ListenAddress::endpoint) == all.end()) {
        all.push_back(address);
      }
    }
  }
  if (!config.unix_socket.path.empty()) {
    all.push_back({.endpoint = stream_protocol::endpoint(config.unix_socket.path),
                   .origin = config.origins.where("unix")});
  }
  return all;
}

boost::system::result<ListeningSocket> listen(const ListenAddress& address, const Config& config,
                                              coro::Executor executor) try {
  Acceptor acceptor(executor);
  acceptor.open(address.endpoint.protocol());
  SocketFile file;
  if (is_unix(address.endpoint)) {
    const std::string& path = config.unix_socket.path;
    SocketFile::remove_stale(path);
    acceptor.bind(address.endpoint);
    file = SocketFile(path);
    // Before listen(), so that nobody connects with other permissions.
    if (::chmod(path.c_str(), config.unix_socket.mode) != 0) {
      return coro::error_code(errno, boost::system::system_category());
    }
  } else {
    set_listening_options(acceptor, address, config);
    acceptor.bind(address.endpoint);
  }
  acceptor.listen(config.backlog);
  return ListeningSocket{std::move(acceptor), std::move(file)};
} catch (const system_error& error) {
  return error.code();
}

}  // namespace server
