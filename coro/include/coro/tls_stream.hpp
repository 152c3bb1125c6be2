#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coro/stream.hpp"
#include "coro/tls_context.hpp"
#include "coro/tls_error.hpp"

struct bio_st;
struct ssl_st;

namespace coro {

/// The result of a handshake. The names come from the other end: escape them before they are
/// shown.
struct TlsDetails {
  std::string version;       ///< "TLSv1.3"
  std::string cipher;        ///< "TLS_AES_256_GCM_SHA384"
  std::string server_name;   ///< the name that the client asked for (SNI), or ""
  std::string peer_subject;  ///< of the other end's certificate, as in RFC 2253, or ""
  std::string protocol;      ///< as chosen by ALPN, or ""
};

/// TLS on a Stream, with the same calls and the same promises.
///
///     Stream connection(scheduler, std::move(socket));
///     TlsStream stream(scheduler, connection, context);
///     if (stream.handshake(yield)) return;
///     const auto [error, size] = stream.read_some(buffer, yield);
///
/// OpenSSL runs on the scheduler's stack, so its frames, up to 13 KiB deep, do not touch the
/// coroutine's, and an idle stream keeps no buffers.
///
/// **Half-close.** finish_sending() sends close_notify, and reading goes on; a read returns eof
/// after the other end's close_notify, and writing goes on. A connection that ends without
/// close_notify is TlsError::truncated: somebody may have cut off the rest.
///
/// **Writing.** A write that is not complete may have encrypted more than it reports. So the next
/// one must begin with the first byte that was not reported, as the next write of a stream does
/// anyway.
///
/// **Turns.** OpenSSL goes through records that bring the reader nothing, such as new keys, and
/// answers some by itself. So one call takes only so many bytes that bring nothing, and a peer that
/// makes OpenSSL answer but reads nothing ends the connection: TlsError::unread. So does one that
/// changes its keys more than 32 times in one call: TlsError::new_keys.
class TlsStream {
 public:
  /// The transport must outlive the TlsStream and is used by nobody else meanwhile. `received`:
  /// bytes that were read from it already, such as those behind a PROXY header. Throws
  /// std::bad_alloc.
  TlsStream(Scheduler& scheduler, Stream& transport, const TlsContext& context,
            std::string received = {});
  /// Calls in progress must have been cancelled; they do not touch the stream any more.
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  TlsStream(TlsStream&&) = delete;
  TlsStream& operator=(TlsStream&&) = delete;

  /// Before the handshake of one that connects: the host name or IP address that the certificate
  /// must be for. A name is also sent to the server (SNI).
  void expect_server(const std::string& host);

  /// Suspends until both ends have agreed. Give it a TimeLimit: another end may send nothing.
  error_code handshake(Yield yield);
  /// One step of the handshake, for a program that limits how much it computes at a time: it goes
  /// as far as what has arrived allows. None: wait_for_handshake(), and call it again.
  std::optional<error_code> try_handshake();
  /// Suspends until the next step can be done.
  error_code wait_for_handshake(Yield yield);

  /// After the handshake.
  TlsDetails details() const;

  /// As those of Stream.
  Transfer read_some(boost::asio::mutable_buffer buffer, Yield yield);
  Transfer write_some(boost::asio::const_buffer bytes, Yield yield);
  /// As that of Stream, but after a size of 0 something may have arrived if the stream
  /// has_more_to_read(): records that bring nothing came first, and used up this turn. One
  /// coroutine that serves many streams calls it again for one that has_more_to_read(): an observer
  /// is not notified of bytes that were received with others.
  Transfer try_read(boost::asio::mutable_buffer buffer);
  Transfer try_write(boost::asio::const_buffer bytes);
  /// A call that has returned nothing, of a stream that has_more_to_read(), has taken at least so
  /// many bytes of those that were available().
  static constexpr std::size_t least_in_vain = std::size_t{2} * 1024;
  /// Whether to call try_read() once more, although the transport may have nothing: the buffer was
  /// filled, the call has left others their turn, or the end or an error follows the bytes.
  bool has_more_to_read() const;
  void cancel() { transport_.cancel(); }

  /// At least as many bytes as have arrived and were not read.
  std::size_t available() const;
  /// As that of Stream, of encrypted bytes. Also sends what the socket had no room for.
  std::size_t unacknowledged();
  /// The socket had no room for all that was encrypted. The next call of any kind sends the rest,
  /// also a read that is cancelled.
  bool has_unsent() const { return !outgoing_.empty(); }

  /// Sends close_notify and the end of the stream, once; reading goes on. If the socket has no
  /// room, the next call of any kind sends them.
  void finish_sending();

 private:
  struct Bio;  // OpenSSL's way to the transport; see src/tls_bio.hpp
  struct Free {
    void operator()(ssl_st* tls) const;
  };

  // These call OpenSSL, so they run on the scheduler's stack.
  std::optional<error_code> step_of_handshake();
  Transfer read(boost::asio::mutable_buffer buffer);
  Transfer write(boost::asio::const_buffer bytes);
  error_code encrypt(boost::asio::const_buffer bytes);
  error_code flush();
  bool waits_for_more() const;
  error_code failure();
  void break_by(TlsError error);
  bool has_received_the_end() const;

  Scheduler& scheduler_;
  Stream& transport_;
  std::string received_;  // encrypted bytes that were read before this stream
  // Encrypted bytes that the socket has no room for: a record, and answers of the protocol. Its
  // size is limited (src/tls_bio.cpp).
  std::string outgoing_;
  std::size_t encrypted_ = 0;  // bytes of the caller's next write that outgoing_ has already
  bool exhausted_ = false;     // the transport has nothing more at the moment
  bool may_have_more_ = true;  // to read, although the transport may have nothing
  // Bytes that this call may still take from the transport; 0: the rest comes with the next call.
  std::size_t may_receive_ = 0;
  int new_keys_ = 0;        // changes of the other end's keys in this call
  bool agreed_ = false;     // the handshake has ended well
  bool finishing_ = false;  // the end of the stream follows outgoing_
  bool finished_ = false;   // and has been sent
  // One half of the transport may fail, and the other goes on. An error of the protocol ends both.
  error_code unreadable_;
  error_code unwritable_;
  error_code broken_by_;
  std::size_t written_in_turn_ = 0;  // as that of Stream, and the calls too
  detail::StreamCall* reading_ = nullptr;
  detail::StreamCall* writing_ = nullptr;
  std::unique_ptr<ssl_st, Free> tls_;
};

static_assert(ByteStream<TlsStream>);

}  // namespace coro
