#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "coro/io.hpp"
#include "server/status/udp_refusal.hpp"
#include "server/udp/datagram.hpp"

namespace server {

/// Room for the datagrams that one system call receives, and for their answers, which another one
/// sends. The coroutines of all UDP sockets share one: nothing stays in it while one is suspended.
///
///     const std::size_t count = batch.receive(socket, most, error);
///     for (index below count) if (wanted(batch[index])) batch.answer(index, batch[index]);
///     send(socket, batch.answers())
class DatagramBatch {
 public:
  static constexpr std::size_t capacity = 32;  // datagrams

  /// Throws std::bad_alloc.
  DatagramBatch();

  /// Receives what has arrived, at most `most` datagrams or `capacity`, and forgets what was in the
  /// batch before. For one alone that is recvmsg(2). It does not wait: the error is then
  /// would_block, or another one of recvmmsg(2).
  std::size_t receive(int socket, std::size_t most, coro::error_code& error);

  /// One of those that were received last. Call it before that one or a later one is answered: the
  /// answers take their places.
  Datagram operator[](std::size_t index) const;

  /// Adds the datagram's answer: its payload, to its source, from the address that it was sent to,
  /// with one hop less to go. If `socket_ttl`, that of the socket, is that number already, the
  /// answer has none of its own, which saves the kernel work. Each index at most once, in ascending
  /// order.
  void answer(std::size_t index, const Datagram& datagram, int socket_ttl);

  /// The answers in that order, for send().
  std::span<mmsghdr> answers() { return std::span(messages_).first(answer_count_); }

 private:
  // A datagram's place, of which a short one touches two cache lines. The kernel may add control
  // messages that an inherited socket asks for.
  struct alignas(64) Slot {
    SocketAddress peer;
    iovec payload;
    alignas(cmsghdr) std::array<std::byte, 256> control;
  };

  // For the next datagram, where one was received: the kernel has written lengths there.
  void make_room(std::size_t index);

  struct Release {
    void operator()(std::byte* memory) const;
  };

  // Those that were received, and the answers, which take the places of datagrams that were
  // considered before.
  alignas(64) std::array<mmsghdr, capacity> messages_{};
  std::array<Slot, capacity> slots_;
  // Far apart, so that each holds the longest datagram. Only pages that were written to take
  // memory, so short datagrams cost one page each.
  std::unique_ptr<std::byte, Release> payloads_;
  std::size_t received_count_ = 0;  // by the last call
  std::size_t answer_count_ = 0;
};

/// Sends as many of the answers as sendmmsg(2) does, without waiting. Returns their number, or -1
/// with errno. There is at least one.
int send(int socket, std::span<mmsghdr> answers);

/// Why an answer was not sent, by the errno of sendmmsg(2).
UdpRefusal refusal_by(int error);

/// Sends the datagram's answer alone, without waiting; 0 or an errno of sendmsg(2).
int send_answer(int socket, const Datagram& datagram);

}  // namespace server
