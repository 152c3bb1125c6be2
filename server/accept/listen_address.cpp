#include "server/accept/listen_address.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <iterator>
#include <utility>

#include "coro/resolve.hpp"
#include "server/config/config_error.hpp"
#include "server/net/network.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

using boost::asio::ip::tcp;
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
  if (!found) {
    const bool gave_up = found.error() == boost::asio::error::operation_aborted;
    throw ConfigError(origin + ": cannot resolve '" + host +
                      "': " + (gave_up ? "no answer in time" : found.error().message()));
  }
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

}  // namespace

ListenAddress over_ipv4_alone(const ListenAddress& dual_stack) {
  ListenAddress address = dual_stack;
  address.endpoint = tcp::endpoint(tcp::v4(), ip_endpoint(dual_stack.endpoint)->port());
  address.dual_stack = false;
  return address;
}

ListenAddresses host_addresses(const Config& config, std::uint16_t port, const std::string& key,
                               coro::Yield yield) {
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
  for (ListenAddress& address : all)
    address.port_origin = config.origins.where(key);
  return all;
}

ListenAddresses tls_addresses(const Config& config, coro::Yield yield) {
  if (!config.tls.port) return {};
  ListenAddresses all = host_addresses(config, *config.tls.port, "tls.port", yield);
  for (ListenAddress& address : all)
    address.transport = Transport::tls;
  return all;
}

ListenAddresses listen_addresses(const Config& config, coro::Yield yield) {
  ListenAddresses all = host_addresses(config, config.port, "port", yield);
  std::ranges::move(tls_addresses(config, yield), std::back_inserter(all));
  if (!config.unix_socket.path.empty()) {
    all.push_back(
        {.endpoint = boost::asio::local::stream_protocol::endpoint(config.unix_socket.path),
         .origin = config.origins.where("unix.path")});
  }
  return all;
}

ListenAddress admin_address(const Config& config, coro::Yield yield) {
  ListenAddress address = addresses_of(config.admin.host, config.admin.port.value(),
                                       config.origins.where("admin.host"), yield)
                              .front();
  address.port_origin = config.origins.where("admin.port");
  return address;
}

}  // namespace server
