#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

#include "server/config/config.hpp"

/// The PROXY protocol, versions 1 and 2, as a load balancer speaks it before the client's first
/// byte: https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt (section numbers below refer
/// to it). A connection without the header that the configuration demands is refused: the service
/// never guesses (section 2).
namespace server {

/// No header is longer than this. Version 1 ends within 107 bytes; version 2 could announce 64 KiB
/// of extensions, but the headers that proxies send stay below a few hundred bytes.
inline constexpr std::size_t max_proxy_header_size = 4096;

/// A complete, valid header.
struct ProxyHeader {
  /// Bytes of the header; those behind it are the client's.
  std::size_t size = 0;
  /// The real client. None if the header names none (UNKNOWN, UNSPEC, a Unix socket) or the proxy
  /// connects for itself (local): then the connection's own address stands.
  std::optional<boost::asio::ip::tcp::endpoint> source = {};
  /// The proxy's own connection, such as a health check, on nobody's behalf (version 2, LOCAL).
  bool local = false;

  friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

/// The header; none as long as more bytes must come to decide. The error is a literal for the log:
/// no continuation makes this a valid header.
using ProxyHeaderResult = boost::system::result<std::optional<ProxyHeader>, std::string_view>;

/// Reads the header at the beginning of `bytes`, everything received so far. Pure: call it again
/// with more bytes while there is no result. The result does not depend on how the bytes were
/// split. Bytes that cannot begin a header are refused at once, everything else when the header is
/// complete. `accepted` are the versions that may come; with off every byte is refused.
///
/// Extensions of version 2 (TLVs) must be well-formed and are skipped, except that a CRC32C is
/// verified (section 2.2.3). The layout of LOCAL and UNSPEC headers is not defined; their contents
/// are skipped unseen.
ProxyHeaderResult parse_proxy_header(std::string_view bytes, ProxyProtocol accepted);

}  // namespace server
