#pragma once

#include <string_view>

namespace server {

/// Whether the clients of a port speak TLS. A connection over a Unix socket may speak either, too.
enum class Transport { plain, tls };

/// "plain", "tls": the name in the state of an upgrade.
inline std::string_view name_of(Transport transport) {
  return transport == Transport::tls ? "tls" : "plain";
}

}  // namespace server
