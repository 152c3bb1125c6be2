#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>

#include "client/wire/target.hpp"
#include "coro/connection.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// How a connection came about.
struct ConnectionFacts {
  boost::asio::ip::tcp::endpoint peer;
  coro::Clock::duration connect_time{};  ///< from SYN to established, for the address that answered
  /// With TLS: from the first message to when both ends have agreed.
  std::optional<coro::Clock::duration> handshake_time = std::nullopt;
  std::string encryption = {};  ///< with TLS: "TLSv1.3 TLS_AES_256_GCM_SHA384"
  std::string path = {};        ///< of a Unix socket, which has no such peer
};

/// `connected to 127.0.0.1:8888 in 0.1 ms`, and with TLS the rest.
std::string connected_text(const ConnectionFacts& facts);
/// The peer: `127.0.0.1:8888`, or a path.
std::string name_of(const ConnectionFacts& facts);

/// A connection to the server, with TLS or without.
class Connection : public coro::Connection {
 public:
  Connection(coro::Scheduler& scheduler, coro::Descriptor socket, ConnectionFacts facts = {});
  /// With TLS it sends close_notify first, so that the server sees an end and no failure.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;

  /// From now on everything is encrypted. Before anything else, and once; after an error the
  /// connection is of no use. The error is timed_out if it is not done within the limit, otherwise
  /// one of TlsStream::handshake().
  coro::error_code shake_hands(const Tls& tls, coro::Clock::duration limit, coro::Yield yield);

  /// After a try_read(): another one may return something at once. Asks the kernel.
  bool has_more() const { return is_encrypted() ? has_more_to_read() : available() > 0; }

  const ConnectionFacts& facts() const { return facts_; }

 private:
  ConnectionFacts facts_;
};

static_assert(coro::ByteStream<Connection>);

}  // namespace client
