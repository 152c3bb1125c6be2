#include "coro/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <new>
#include <utility>

#include "coro/scheduler.hpp"
#include "detail/stream_call.hpp"
#include "tls_bio.hpp"

namespace coro {

using boost::asio::buffer;
using detail::bytes_in_a_turn;
using detail::most_in_vain;
using detail::StreamCall;
using detail::wait_for_next_turn;

namespace {

// The most that one record takes (RFC 8446, 5.1).
constexpr std::size_t most_in_a_record = std::size_t{16} * 1024;

// Errors that other users of OpenSSL have left in the queue of this thread: those of the next call
// are read from the same queue.
void forget_earlier_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

}  // namespace

void TlsStream::Free::operator()(SSL* tls) const {
  SSL_free(tls);
}

TlsStream::TlsStream(Scheduler& scheduler, Stream& transport, const TlsContext& context,
                     std::string received)
    : scheduler_(scheduler), transport_(transport), received_(std::move(received)) {
  tls_ = scheduler_.on_own_stack([&] {
    std::unique_ptr<SSL, Free> tls(SSL_new(context.native_handle()));
    if (!tls) throw std::bad_alloc();
    BIO* const bio = Bio::make(*this);
    SSL_set_bio(tls.get(), bio, bio);
    SSL_set_msg_callback(tls.get(), Bio::watch);
    SSL_set_msg_callback_arg(tls.get(), this);
    if (context.role() == TlsContext::Role::accept)
      SSL_set_accept_state(tls.get());
    else
      SSL_set_connect_state(tls.get());
    return tls;
  });
}

TlsStream::~TlsStream() {
  StreamCall::forget_stream(reading_);
  StreamCall::forget_stream(writing_);
  scheduler_.on_own_stack([this] { tls_.reset(); });
}

// ---- what OpenSSL reports

// Whether a call of OpenSSL has failed only because nothing more has arrived.
bool TlsStream::waits_for_more() const {
  return SSL_want_read(tls_.get()) && !unreadable_ && ERR_peek_error() == 0;
}

// Why it has failed otherwise. After an error of the protocol OpenSSL must not be called again.
error_code TlsStream::failure() {
  unsigned long error = ERR_peek_last_error();
#ifdef SSL_R_RECORD_LAYER_FAILURE  // since OpenSSL 3.2: it only says where, and the first one why
  if (ERR_GET_REASON(error) == SSL_R_RECORD_LAYER_FAILURE) error = ERR_peek_error();
#endif
  ERR_clear_error();
  if (unreadable_) return unreadable_;  // writing may go on
  broken_by_ =
      ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED
          ? error_code(static_cast<int>(SSL_get_verify_result(tls_.get())), certificate_category())
          : error_code(static_cast<int>(error), tls_category());
  return broken_by_;
}

// In the middle of a call of OpenSSL's, which fails then.
void TlsStream::break_by(TlsError error) {
  broken_by_ = unreadable_ = unwritable_ = error;
  outgoing_ = {};
}

// ---- reading

Transfer TlsStream::read_some(boost::asio::mutable_buffer buffer, Yield yield) {
  StreamCall call(reading_);
  for (;;) {
    const int error = has_more_to_read() ? wait_for_next_turn(yield)
                                         : transport_.readiness_.wait_readable(yield).value();
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    const std::size_t most = std::min(buffer.size(), bytes_in_a_turn(yield.scheduler()));
    const Transfer read = try_read(boost::asio::buffer(buffer, most));
    if (error != 0) return Stream::interrupted(error, read, yield);
    if (read.error || read.size > 0) return read;
  }
}

Transfer TlsStream::try_read(boost::asio::mutable_buffer buffer) {
  return scheduler_.on_own_stack([&] { return read(buffer); });
}

// The socket does not report what OpenSSL has taken from it, nor what it has refused.
bool TlsStream::has_more_to_read() const {
  return may_have_more_ || broken_by_;
}

// Whether close_notify has come. OpenSSL sets the flag for the alert of an error too, and then has
// an error in its queue.
bool TlsStream::has_received_the_end() const {
  return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0 && !broken_by_ &&
         ERR_peek_error() == 0;
}

// Record after record, until there is no more or no more room.
Transfer TlsStream::read(boost::asio::mutable_buffer buffer) {
  forget_earlier_errors();
  static_cast<void>(flush());  // its error comes with the next write
  exhausted_ = false;
  new_keys_ = 0;
  may_receive_ = most_in_vain(may_receive_);
  Transfer all;
  while (buffer.size() > 0 && !all.error) {
    std::size_t size = 0;
    all.error = broken_by_;
    if (all.error) break;
    if (SSL_read_ex(tls_.get(), buffer.data(), buffer.size(), &size) == 1) {
      all.size += size;
      buffer += size;
      may_receive_ += size;                                       // it was not in vain
      if (exhausted_ && SSL_has_pending(tls_.get()) == 0) break;  // another call would be in vain
    } else if (has_received_the_end()) {
      all.error = boost::asio::error::eof;
    } else if (waits_for_more()) {
      break;
    } else {
      all.error = failure();
    }
  }
  may_have_more_ = all.error || buffer.size() == 0 || may_receive_ == 0;
  if (all.size > 0) all.error = {};  // it comes with the next call
  return all;
}

std::size_t TlsStream::available() const {
  // OpenSSL does not report how much of the next record it has.
  const std::size_t pending = SSL_has_pending(tls_.get()) == 1 ? most_in_a_record : 0;
  return pending + transport_.available();
}

// ---- writing

Transfer TlsStream::write_some(boost::asio::const_buffer bytes, Yield yield) {
  StreamCall call(writing_);
  const auto write_within_turn = [&] {
    const std::size_t left = bytes_in_a_turn(yield.scheduler()) - written_in_turn_;
    const Transfer written = try_write(boost::asio::buffer(bytes, left));
    written_in_turn_ += written.size;
    return written;
  };
  if (written_in_turn_ >= bytes_in_a_turn(yield.scheduler())) {
    yield.now();
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    written_in_turn_ = 0;
  }
  if (outgoing_.empty() && !yield.is_cancelled()) {
    const Transfer written = write_within_turn();
    if (written.error || written.size > 0) return written;
  }
  for (;;) {
    const int error = transport_.readiness_.wait_writable(yield).value();
    if (call.stream_is_gone()) return {boost::asio::error::operation_aborted};
    written_in_turn_ = 0;
    const Transfer written = write_within_turn();
    if (error != 0) return Stream::interrupted(error, written, yield);
    if (written.error || written.size > 0) return written;
  }
}

Transfer TlsStream::try_write(boost::asio::const_buffer bytes) {
  return scheduler_.on_own_stack([&] { return write(bytes); });
}

// Bytes count as written when their record has left.
Transfer TlsStream::write(boost::asio::const_buffer bytes) {
  Transfer all;
  all.error = flush();
  while (!all.error && outgoing_.empty() && bytes.size() > 0) {
    if (encrypted_ == 0) all.error = encrypt(bytes);
    if (all.error || !outgoing_.empty()) break;
    const std::size_t size = std::min(encrypted_, bytes.size());
    encrypted_ -= size;
    all.size += size;
    bytes += size;
  }
  return all;
}

// Makes one record of the first bytes, and sends as much of it as the socket has room for.
error_code TlsStream::encrypt(boost::asio::const_buffer bytes) {
  if (finishing_ || broken_by_) return broken_by_ ? broken_by_ : boost::asio::error::broken_pipe;
  const std::size_t most = std::min(bytes.size(), most_in_a_record);
  forget_earlier_errors();
  if (SSL_write_ex(tls_.get(), bytes.data(), most, &encrypted_) != 1) return failure();
  return unwritable_;
}

// Sends what the socket had no room for.
error_code TlsStream::flush() {
  if (!outgoing_.empty()) {
    const auto [error, size] = transport_.try_write(buffer(outgoing_));
    unwritable_ = error;
    outgoing_.erase(0, error ? outgoing_.size() : size);
    if (outgoing_.empty()) outgoing_.shrink_to_fit();
  }
  if (outgoing_.empty() && finishing_ && !std::exchange(finished_, true))
    transport_.finish_sending();
  return unwritable_;
}

std::size_t TlsStream::unacknowledged() {
  static_cast<void>(flush());
  return outgoing_.size() + transport_.unacknowledged();
}

void TlsStream::finish_sending() {
  scheduler_.on_own_stack([this] {
    if (!std::exchange(finishing_, true) && agreed_ && !broken_by_) SSL_shutdown(tls_.get());
    ERR_clear_error();
    static_cast<void>(flush());
  });
}

}  // namespace coro
