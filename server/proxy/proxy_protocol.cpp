#include "server/proxy/proxy_protocol.hpp"

namespace server {

ProxyHeaderResult parse_proxy_header(std::string_view bytes, ProxyProtocol accepted) {
  switch (accepted) {
    case ProxyProtocol::off:
      return ProxyHeaderMalformed{"no PROXY header is accepted"};
    case ProxyProtocol::v1:
      return parse_proxy_v1(bytes);
    case ProxyProtocol::v2:
      return parse_proxy_v2(bytes);
    case ProxyProtocol::any:
      break;
  }
  if (bytes.empty()) return ProxyHeaderIncomplete{};
  // The first byte tells them apart: a version 2 signature begins with a carriage return.
  return bytes.front() == '\r' ? parse_proxy_v2(bytes) : parse_proxy_v1(bytes);
}

}  // namespace server
