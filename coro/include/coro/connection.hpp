#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "coro/stream.hpp"
#include "coro/tls_stream.hpp"

namespace coro {

/// A Stream that is plain or, after encrypt(), encrypted by TLS. So what uses it is the same for
/// both. The calls have the promises of Stream and TlsStream; a plain one costs a branch each.
class Connection {
 public:
  /// Takes over a connected socket. The scheduler must outlive the connection.
  Connection(Scheduler& scheduler, Descriptor socket, Trigger trigger = Trigger::level)
      : scheduler_(scheduler), transport_(scheduler, std::move(socket), trigger) {}

  /// The stream beneath TLS, for bytes that come before TLS begins.
  Stream& transport() { return transport_; }

  /// Begins TLS, with bytes that were read from the transport already. The handshake is the
  /// caller's. Throws std::bad_alloc.
  TlsStream& encrypt(const TlsContext& context, std::string received = {}) {
    tls_ = std::make_unique<TlsStream>(scheduler_, transport_, context, std::move(received));
    return *tls_;
  }
  /// Ends TLS without a word: the handshake has failed.
  void leave_tls() { tls_.reset(); }
  bool is_encrypted() const { return tls_ != nullptr; }
  /// The number of the socket, which stays the connection's.
  int descriptor() const { return transport_.descriptor(); }

  Transfer read_some(boost::asio::mutable_buffer buffer, Yield yield) {
    if (!tls_) [[likely]]
      return transport_.read_some(buffer, yield);
    return tls_->read_some(buffer, yield);
  }
  Transfer write_some(boost::asio::const_buffer bytes, Yield yield) {
    return tls_ ? tls_->write_some(bytes, yield) : transport_.write_some(bytes, yield);
  }
  Transfer try_read(boost::asio::mutable_buffer buffer) {
    return tls_ ? tls_->try_read(buffer) : transport_.try_read(buffer);
  }
  Transfer try_write(boost::asio::const_buffer bytes) {
    if (!tls_) [[likely]]
      return transport_.try_write(bytes);
    return tls_->try_write(bytes);
  }
  /// The observer is not notified of what the connection has_more_to_read() of.
  error_code observe_readable(Readiness::Observer* observer) {
    return transport_.observe_readable(observer);
  }
  /// As that of TlsStream; a plain connection never has.
  bool has_more_to_read() const { return tls_ && tls_->has_more_to_read(); }
  void cancel() { transport_.cancel(); }

  std::size_t available() const { return tls_ ? tls_->available() : transport_.available(); }
  std::size_t unacknowledged() {
    return tls_ ? tls_->unacknowledged() : transport_.unacknowledged();
  }
  /// As that of TlsStream; a plain connection never has.
  bool has_unsent() const { return tls_ && tls_->has_unsent(); }

  void finish_sending() { tls_ ? tls_->finish_sending() : transport_.finish_sending(); }
  void reset_on_close() { transport_.reset_on_close(); }

 private:
  Scheduler& scheduler_;
  Stream transport_;
  std::unique_ptr<TlsStream> tls_;  // null: plain
};

static_assert(ByteStream<Connection>);

}  // namespace coro
