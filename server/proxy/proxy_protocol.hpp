#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

namespace server {

/// The PROXY protocol, versions 1 and 2, as a load balancer speaks it before the client's first
/// byte: https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt (section numbers below refer
/// to it). Which versions a listener demands. A connection without the demanded header is refused:
/// never guessed (section 2).
enum class ProxyProtocol { off, v1, v2, any };

/// No header is longer than this. Version 1 ends within 107 bytes; version 2 could announce 64 KiB
/// of extensions, but what proxies send stays below a few hundred bytes.
inline constexpr std::size_t max_proxy_header_size = 4096;

/// A complete, valid header.
struct ProxyHeader {
  /// Bytes the header took; what follows them is the client's.
  std::size_t size = 0;
  /// The real client. None if the proxy does not say (UNKNOWN, UNSPEC, a Unix socket) or speaks for
  /// itself (local): then the connection's own address stands.
  std::optional<boost::asio::ip::tcp::endpoint> source;
  /// The proxy's own connection, such as a health check, on nobody's behalf (version 2, LOCAL).
  bool local = false;

  friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

/// Everything so far is the beginning of some valid header.
struct ProxyHeaderIncomplete {
  friend bool operator==(const ProxyHeaderIncomplete&, const ProxyHeaderIncomplete&) = default;
};

/// No continuation makes this a valid header; `reason` is a phrase for the log, a literal.
struct ProxyHeaderMalformed {
  std::string_view reason;

  friend bool operator==(const ProxyHeaderMalformed&, const ProxyHeaderMalformed&) = default;
};

using ProxyHeaderResult = std::variant<ProxyHeaderIncomplete, ProxyHeaderMalformed, ProxyHeader>;

/// Reads the header at the beginning of `bytes`, everything received so far. Pure: call it again
/// with more bytes while the result is incomplete. The final result does not depend on how the
/// bytes were split. `accepted` says which versions there may be; with off every byte is malformed.
ProxyHeaderResult parse_proxy_header(std::string_view bytes, ProxyProtocol accepted);

/// One version each. Version 1, a line of text (section 2.1), is refused at the first byte that
/// cannot belong to one.
ProxyHeaderResult parse_proxy_v1(std::string_view bytes);

/// Version 2, binary (section 2.2). Its extensions (TLVs) must be well-formed and are skipped,
/// except that a CRC32C is verified (section 2.2.3). What LOCAL and UNSPEC headers carry is skipped
/// unseen, as their layout is not defined.
ProxyHeaderResult parse_proxy_v2(std::string_view bytes);

}  // namespace server
