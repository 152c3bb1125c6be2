#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <boost/asio/buffer.hpp>
#include <concepts>
#include <cstddef>

#include "coro/descriptor.hpp"
#include "coro/readiness.hpp"

namespace coro {

namespace detail {
class StreamCall;
}

/// The outcome of one transfer: why it ended early, if it did, and how many bytes were moved.
struct Transfer {
  error_code error;
  std::size_t size = 0;
};

/// All that a protocol needs of its connection, plain or encrypted. Functions that take any
/// ByteStream work on a Stream and on whatever else keeps the promises that Stream documents.
template <typename Type>
concept ByteStream = requires(Type stream, boost::asio::mutable_buffer into,
                              boost::asio::const_buffer bytes, Yield yield) {
  { stream.read_some(into, yield) } -> std::same_as<Transfer>;
  { stream.write_some(bytes, yield) } -> std::same_as<Transfer>;
  { stream.try_read(into) } -> std::same_as<Transfer>;
  { stream.try_write(bytes) } -> std::same_as<Transfer>;
  {stream.finish_sending()};
};

/// A connected byte stream, TCP or Unix. Reading and writing suspend the coroutine, never the
/// thread:
///
///     for (;;) {
///       const auto [error, size] = stream.read_some(buffer, yield);
///       if (error) return;
///       if (write_all(stream, boost::asio::buffer(buffer, size), yield)) return;
///     }
///
/// It is made for many streams that each do little: besides the two transfers an echo costs its
/// share of one epoll_wait(2). Waiting, looking again and taking turns are done here.
///
/// **Turns.** One call moves at most as much as leaves the others their turn: up to 1 MiB if few
/// sockets are ready, at least 64 KiB however many are. So a peer that sends without a pause, or
/// reads as fast as it is written to, does not keep the thread to itself.
///
/// **Cancellation.** A call that is cancelled, or runs out of time, returns operation_aborted and
/// beside it the bytes that could be moved at once: after a pause of the whole process
/// (SIGSTOP, a suspended machine) a deadline is over although the bytes had come in time. If the
/// connection has ended meanwhile, that error is returned, and the next operation reports
/// operation_aborted.
class Stream {
 public:
  /// Takes over a connected socket. The scheduler must outlive the stream. `trigger`: edge only if
  /// trigger_for() returns that. It makes an echo cheaper, and nothing else differs.
  Stream(Scheduler& scheduler, Descriptor socket, Trigger trigger = Trigger::level);
  /// Returns edge for a socket of TCP. The answer for a listening socket holds for those that it
  /// accepts.
  static Trigger trigger_for(int socket);

  /// Closes the socket. Calls in progress must have been cancelled; they return operation_aborted
  /// and do not touch the stream any more.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream(Stream&&) = delete;
  Stream& operator=(Stream&&) = delete;

  /// Suspends until something has arrived, and reads it into `buffer`, which is not empty. The
  /// buffer is only written to just before the return, so coroutines may share one. The error is
  /// eof when the other end has closed its half, otherwise one of recv(2) or epoll_ctl(2).
  Transfer read_some(boost::asio::mutable_buffer buffer, Yield yield);

  /// Writes some of `bytes`, which are not empty, and suspends until the
  /// socket has room for at least one byte, and, after a long series of writes, to let others run.
  /// The error is one of send(2) or epoll_ctl(2); SIGPIPE is never raised.
  Transfer write_some(boost::asio::const_buffer bytes, Yield yield);

  /// As read_some(), but never suspends. No error and a size of 0 mean that nothing has arrived. It
  /// is for one coroutine that serves many streams (observe_readable()), and one call is not
  /// limited to a turn.
  Transfer try_read(boost::asio::mutable_buffer buffer);
  /// As write_some(), but never suspends: it writes as much as the socket has room for, possibly
  /// nothing. It is for bytes that another coroutine overwrites as soon as the caller suspends.
  Transfer try_write(boost::asio::const_buffer bytes);

  /// Reports to this observer when there is something to read; null ends that. Nobody may be in
  /// read_some() meanwhile. An error is one of epoll_ctl(2).
  error_code observe_readable(Readiness::Observer* observer) {
    return readiness_.observe_readable(observer);
  }
  /// Ends the calls in progress with operation_aborted.
  void cancel() { readiness_.cancel(); }

  /// Bytes that have arrived and were not read; 0 if the socket cannot tell.
  std::size_t available() const;
  /// Bytes sent that the other end has not acknowledged yet, of which the end of the stream is one
  /// (SIOCOUTQ: tcp(7), unix(7)); a Unix socket counts the memory that holds them instead. 0 if the
  /// socket cannot tell, or if the connection is broken and they will never be.
  std::size_t unacknowledged() const;

  /// The number of the socket, which stays the stream's.
  int descriptor() const { return socket_.number(); }

  /// Sends the end of the stream (shutdown(2)); reading goes on.
  void finish_sending();
  /// Makes the destructor reset the connection (SO_LINGER), which drops what was not sent yet.
  void reset_on_close();

 private:
  friend class TlsStream;

  Transfer outcome_of_read(ssize_t size) const;
  [[gnu::noinline]] Transfer end_of_read(int error, ssize_t size, Yield yield) const;
  [[gnu::noinline]] error_code why_nothing_was_written();
  Transfer write_within_turn(boost::asio::const_buffer bytes, const Scheduler& scheduler);
  static Transfer interrupted(int error, Transfer last_look, Yield yield);

  Descriptor socket_;
  // The errno that send(2) returned. The kernel reports it only once, and the reader is the one
  // that has to know why the connection ended, after all that had still arrived.
  int broken_by_ = 0;
  // The socket took less than it was given, so another send(2) before it drains would be in vain.
  bool full_ = false;
  std::size_t written_in_turn_ = 0;  // since write_some() let the others go first
  // A coroutine that is suspended in these may resume after the stream was destroyed.
  detail::StreamCall* reading_ = nullptr;
  detail::StreamCall* writing_ = nullptr;
  Readiness readiness_;  // ends before the socket closes
};

// Inline, so that no Transfer goes through memory.
inline Transfer Stream::try_write(boost::asio::const_buffer bytes) {
  const ssize_t size =
      ::send(socket_.number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  full_ = static_cast<std::size_t>(size) != bytes.size();
  if (size >= 0) [[likely]]
    return {{}, static_cast<std::size_t>(size)};
  return {why_nothing_was_written()};
}

static_assert(ByteStream<Stream>);

/// Writes all of the bytes. With an error some of them may have been written.
template <ByteStream Type>
error_code write_all(Type& stream, boost::asio::const_buffer bytes, Yield yield) {
  while (bytes.size() > 0) {
    const auto [error, size] = stream.write_some(bytes, yield);
    if (error) return error;
    bytes += size;
  }
  return {};
}

}  // namespace coro
