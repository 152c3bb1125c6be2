#include "server/net/peer.hpp"

#include <fmt/compile.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "coro/error.hpp"
#include "server/net/network.hpp"

namespace server {
namespace {

using boost::asio::ip::tcp;

// The C library takes eight times as many instructions for an IPv4 address.
std::string host_and_port(const boost::asio::ip::address& address, unsigned short port) {
  if (address.is_v6()) return '[' + address.to_string() + "]:" + std::to_string(port);
  const auto bytes = address.to_v4().to_bytes();
  return fmt::format(FMT_COMPILE("{}.{}.{}.{}:{}"), bytes[0], bytes[1], bytes[2], bytes[3], port);
}

std::string unix_path(const coro::Endpoint& endpoint) {
  constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);
  if (endpoint.size() <= path_offset) return {};
  const auto* path = reinterpret_cast<const char*>(endpoint.data()) + path_offset;
  return {path, ::strnlen(path, endpoint.size() - path_offset)};
}

}  // namespace

Peer peer_at(const tcp::endpoint& endpoint) {
  const auto address = unmapped(endpoint.address());
  return {host_and_port(address, endpoint.port()), address};
}

std::optional<tcp::endpoint> ip_endpoint(const coro::Endpoint& endpoint) {
  const int family = endpoint.protocol().family();
  if (family != AF_INET && family != AF_INET6) return std::nullopt;
  tcp::endpoint ip;
  ip.resize(endpoint.size());
  std::memcpy(ip.data(), endpoint.data(), endpoint.size());
  return ip;
}

Peer peer_at(const coro::Endpoint& endpoint) {
  if (const auto ip = ip_endpoint(endpoint)) return peer_at(*ip);
  const std::string path = unix_path(endpoint);
  return {path.empty() ? "unix" : "unix:" + path, std::nullopt};
}

std::string to_string(const coro::Endpoint& endpoint) {
  return peer_at(endpoint).name;
}

coro::Endpoint local_endpoint(int socket) {
  coro::Endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  coro::checked(::getsockname(socket, endpoint.data(), &size), "getsockname");
  endpoint.resize(size);
  return endpoint;
}

}  // namespace server
