#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "client/wire/target.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/stream.hpp"
#include "coro/tls_stream.hpp"
#include "coro/yield.hpp"

namespace client {

/// How a connection came about.
struct ConnectionFacts {
  boost::asio::ip::tcp::endpoint peer;
  coro::Clock::duration connect_time{};  ///< from SYN to established, for the address that answered
  /// With TLS: from the first message to when both ends have agreed.
  std::optional<coro::Clock::duration> handshake_time = std::nullopt;
  std::string encryption = {};  ///< with TLS: "TLSv1.3 TLS_AES_256_GCM_SHA384"
};

/// `connected to 127.0.0.1:8888 in 0.1 ms`, and with TLS the rest.
std::string connected_text(const ConnectionFacts& facts);
/// `127.0.0.1:8888`
std::string name_of(const boost::asio::ip::tcp::endpoint& peer);

/// A connection to the server, with TLS or without. The calls are those of a coro::Stream, with the
/// same promises.
class Connection {
 public:
  /// Takes over a connected socket; the scheduler must outlive the connection.
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

  coro::Transfer read_some(boost::asio::mutable_buffer buffer, coro::Yield yield) {
    return tls_ ? tls_->read_some(buffer, yield) : stream_.read_some(buffer, yield);
  }
  coro::Transfer write_some(boost::asio::const_buffer bytes, coro::Yield yield) {
    return tls_ ? tls_->write_some(bytes, yield) : stream_.write_some(bytes, yield);
  }
  coro::Transfer try_read(boost::asio::mutable_buffer buffer) {
    return tls_ ? tls_->try_read(buffer) : stream_.try_read(buffer);
  }
  coro::Transfer try_write(boost::asio::const_buffer bytes) {
    return tls_ ? tls_->try_write(bytes) : stream_.try_write(bytes);
  }
  void finish_sending();
  void cancel() { stream_.cancel(); }

  /// As that of a coro::Stream. The observer is not notified of what TLS holds_more() of.
  coro::error_code observe_readable(coro::Readiness::Observer* observer) {
    return stream_.observe_readable(observer);
  }
  /// After a try_read(): TLS has received more than that has returned.
  bool holds_more() const { return tls_ && tls_->has_more_to_read(); }
  /// After a try_read(): another one may return something at once. Asks the kernel.
  bool has_more() const { return tls_ ? holds_more() : stream_.available() > 0; }

  const ConnectionFacts& facts() const { return facts_; }
  /// The socket's descriptor.
  int number() const { return number_; }

 private:
  int number_;
  coro::Stream stream_;
  std::optional<coro::TlsStream> tls_;
  bool finished_sending_ = false;
  ConnectionFacts facts_;
};

static_assert(coro::ByteStream<Connection>);

}  // namespace client
