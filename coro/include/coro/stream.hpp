#pragma once

#include <boost/asio/buffer.hpp>
#include <cstddef>

#include "coro/descriptor.hpp"
#include "coro/readiness.hpp"

namespace coro {

/// A connected byte stream, TCP or Unix, which is read and written without blocking:
///
///     if (const error_code error = stream.wait_readable(yield)) ...
///     error_code error;
///     const std::size_t size = stream.receive(buffer, error);
///
/// Made for many that wait and each do little: besides the two transfers an echo costs its share of
/// one epoll_wait(2).
class Stream {
 public:
  /// Takes over a connected socket.
  Stream(Scheduler& scheduler, Descriptor socket);

  error_code wait_readable(Yield yield) { return readiness_.wait_readable(yield); }
  error_code wait_writable(Yield yield) { return readiness_.wait_writable(yield); }
  /// Instead of wait_readable(), for a coroutine that serves many streams.
  error_code observe_readable(Readiness::Observer* observer) {
    return readiness_.observe_readable(observer);
  }
  /// Ends the waits in progress with operation_aborted; none may be left when it is destroyed.
  void cancel() { readiness_.cancel(); }

  /// Bytes put into `buffer`, which is not empty. With 0 the error says why: would_block when there
  /// is nothing now, eof when the other end has closed its half, or what recv(2) says, which is
  /// also what ended the connection where send() was the first to learn it.
  std::size_t receive(boost::asio::mutable_buffer buffer, error_code& error);

  /// Bytes taken from `bytes`, which is not empty, as far as there is room. With 0 the error says
  /// why: would_block when there is none now, or what send(2) says. Never raises SIGPIPE.
  std::size_t send(boost::asio::const_buffer bytes, error_code& error);

  /// Bytes that have arrived and were not received; 0 if the socket cannot tell.
  std::size_t available() const;
  /// Bytes sent that the other end has not acknowledged yet, the end of the stream being one
  /// (SIOCOUTQ: tcp(7), unix(7)); a Unix socket counts the memory that holds them instead. 0 if the
  /// socket cannot tell, or if the connection is broken and they will never be.
  std::size_t unacknowledged() const;

  /// Sends the end of the stream; receiving goes on.
  void finish_sending();
  /// The connection is to end by a reset instead of by all that was sent.
  void reset_on_close();

 private:
  Descriptor socket_;
  int broken_by_ = 0;    // the errno that send(2) returned, which the kernel reports only once
  Readiness readiness_;  // ends before the socket closes
};

}  // namespace coro
