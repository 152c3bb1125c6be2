#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "coro/tls_context.hpp"

namespace client {

/// How a connection is encrypted.
struct Tls {
  coro::TlsContext context;
  /// A host name or an IP address. The certificate must be for it; a name is also sent to the
  /// server (SNI).
  std::string server_name;
};

enum class Family { v4, v6 };

Family family_of(const boost::asio::ip::address& address);
/// `IPv4` or `IPv6`.
const char* name_of(Family family);

/// The echo service to talk to, as the operator named it; nothing is resolved yet.
struct Target {
  std::string host = "localhost";  ///< a name or an address, without brackets
  std::string port = "8888";       ///< a number from 1 to 65535, or a service name (services(5))
  std::string path = {};           ///< of a Unix socket, instead of the two; "": none
  std::optional<Family> family = std::nullopt;  ///< of its addresses; none: both
  /// Of this machine, to connect or send from; of that family. None: the kernel chooses.
  std::optional<boost::asio::ip::address> source = std::nullopt;

  bool proxied = false;  ///< a connection begins with a PROXY header, as if from a load balancer
  /// Of each packet sent, 0 to 63 (RFC 2474); none: the default.
  std::optional<unsigned> dscp = std::nullopt;
  std::optional<Tls> tls = std::nullopt;  ///< none: nothing is encrypted

  /// A Unix socket.
  bool is_local() const { return !path.empty(); }
  /// The path, or `host:port` with an IPv6 address in brackets (RFC 3986, 3.2.2); escaped, as it is
  /// shown.
  std::string name() const;
};

/// Reads `HOST`, `HOST:PORT`, `[V6]`, `[V6]:PORT` or a bare IPv6 address; port may be empty. With a
/// slash it is the path of a Unix socket, which has no port.
/// Missing parts keep their default, the port the one given as such (none if that is empty). A
/// port is any text. Throws std::invalid_argument with one line for the operator when it makes no
/// sense.
Target parse_target(std::string_view host, std::string_view port,
                    std::string_view usual_port = "8888");

}  // namespace client
