#include "server/udp/datagram.hpp"

#include <cstring>

namespace server {

namespace ip = boost::asio::ip;

ip::address SocketAddress::address() const {
  if (const auto number = ipv4()) return ip::address_v4(*number);
  ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return ip::address_v6(bytes, v6.sin6_scope_id);
}

}  // namespace server
