#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "coro/descriptor.hpp"
#include "coro/scheduler.hpp"
#include "coro/stream.hpp"
#include "coro/tls_stream.hpp"
#include "coro/yield.hpp"

namespace server {

/// The byte stream of one client, plain or, after encrypt(), by TLS: a session is the same for
/// both.
class Connection {
 public:
  /// Takes over a connected socket.
  Connection(coro::Scheduler& scheduler, coro::Descriptor socket)
      : scheduler_(scheduler), transport_(scheduler, std::move(socket)) {}

  /// The stream beneath TLS, for bytes that come before TLS begins.
  coro::Stream& transport() { return transport_; }

  /// The number of the socket, which stays the connection's.
  int descriptor() const { return transport_.descriptor(); }

  /// Begins TLS, with bytes that were read from the transport already. The handshake is the
  /// caller's. Throws std::bad_alloc.
  coro::TlsStream& encrypt(const coro::TlsContext& context, std::string received) {
    tls_ = std::make_unique<coro::TlsStream>(scheduler_, transport_, context, std::move(received));
    return *tls_;
  }
  /// Ends TLS without a word: the handshake has failed.
  void leave_tls() { tls_.reset(); }
  bool is_encrypted() const { return tls_ != nullptr; }

  // As those of coro::Stream.
  coro::Transfer read_some(boost::asio::mutable_buffer buffer, coro::Yield yield) {
    if (!tls_) [[likely]]
      return transport_.read_some(buffer, yield);
    return tls_->read_some(buffer, yield);
  }
  coro::Transfer write_some(boost::asio::const_buffer bytes, coro::Yield yield) {
    return tls_ ? tls_->write_some(bytes, yield) : transport_.write_some(bytes, yield);
  }
  coro::Transfer try_read(boost::asio::mutable_buffer buffer) {
    return tls_ ? tls_->try_read(buffer) : transport_.try_read(buffer);
  }
  coro::Transfer try_write(boost::asio::const_buffer bytes) {
    if (!tls_) [[likely]]
      return transport_.try_write(bytes);
    return tls_->try_write(bytes);
  }
  std::size_t available() const { return tls_ ? tls_->available() : transport_.available(); }
  std::size_t unacknowledged() {
    return tls_ ? tls_->unacknowledged() : transport_.unacknowledged();
  }
  bool has_unsent() const { return tls_ && tls_->has_unsent(); }
  void finish_sending() { tls_ ? tls_->finish_sending() : transport_.finish_sending(); }
  void reset_on_close() { transport_.reset_on_close(); }

 private:
  coro::Scheduler& scheduler_;
  coro::Stream transport_;
  std::unique_ptr<coro::TlsStream> tls_;  // null: plain
};

static_assert(coro::ByteStream<Connection>);

}  // namespace server
