#include "tls_bio.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <new>
#include <string_view>

namespace coro {

using boost::asio::buffer;

namespace {

// The most that may wait for the other end to read. A write adds a record of 16 KiB, and none
// before the last one has left; the rest are answers that OpenSSL gives by itself, of some 30 bytes
// each, to an end that asks for new keys or for another handshake. More than a thousand that are
// not read are an attack. The messages of a handshake have no limit: their size depends on nobody
// but the owner of the certificates.
constexpr std::size_t most_unread = std::size_t{64} * 1024;

// The most changes of keys in a call. Each takes OpenSSL 15 to 45 us, as long as thirty records of
// a byte, so the 760 that 20 KiB hold would keep the thread for 12 to 35 ms. Keys wear out after
// 2^24 records (RFC 8446, 5.5).
constexpr int most_new_keys = 32;

}  // namespace

BIO* TlsStream::Bio::make(TlsStream& stream) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "coro");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(made, read);
    BIO_meth_set_write(made, write);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  BIO* const bio = BIO_new(method);
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, &stream);
  BIO_set_init(bio, 1);
  return bio;
}

int TlsStream::Bio::read(BIO* bio, char* into, int size) {
  TlsStream& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  const std::size_t room = std::min(static_cast<std::size_t>(size), stream.may_receive_);
  BIO_clear_retry_flags(bio);
  if (stream.broken_by_) return -1;
  if (room == 0) {  // the others' turn
    BIO_set_retry_read(bio);
    return -1;
  }
  if (!stream.received_.empty()) {
    const std::size_t taken = stream.received_.copy(into, room);
    stream.may_receive_ -= taken;
    stream.received_.erase(0, taken);
    if (stream.received_.empty()) stream.received_.shrink_to_fit();
    return static_cast<int>(taken);
  }
  Transfer read;
  if (!stream.exhausted_) read = stream.transport_.try_read(buffer(into, room));
  // Another recv(2) after one that did not fill the buffer would be in vain.
  stream.exhausted_ = stream.exhausted_ || read.size < room;
  stream.may_receive_ -= read.size;
  if (read.size > 0) return static_cast<int>(read.size);
  if (!read.error) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const bool closed = read.error == boost::asio::error::eof;
  stream.unreadable_ = closed ? make_error_code(TlsError::truncated) : read.error;
  return closed ? 0 : -1;
}

int TlsStream::Bio::write(BIO* bio, const char* bytes, int size) {
  TlsStream& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  std::string_view left(bytes, static_cast<std::size_t>(size));
  BIO_clear_retry_flags(bio);
  if (stream.outgoing_.empty() && !stream.unwritable_) {
    const auto [error, written] = stream.transport_.try_write(buffer(left));
    stream.unwritable_ = error;
    left.remove_prefix(written);
  }
  if (!stream.unwritable_) stream.outgoing_.append(left);
  if (stream.agreed_ && stream.outgoing_.size() > most_unread) stream.break_by(TlsError::unread);
  return size;
}

void TlsStream::Bio::watch(int sent, int /*version*/, int type, const void* message,
                           std::size_t size, SSL* tls, void* stream) {
  if (sent != 0 || type != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(message) != SSL3_MT_KEY_UPDATE) return;
  TlsStream& self = *static_cast<TlsStream*>(stream);
  if (++self.new_keys_ <= most_new_keys) return;
  self.break_by(TlsError::new_keys);
  SSL_set_shutdown(tls, SSL_RECEIVED_SHUTDOWN);  // or OpenSSL goes through all that it holds
}

long TlsStream::Bio::control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace coro
