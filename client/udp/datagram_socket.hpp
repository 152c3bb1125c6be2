#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "client/wire/resolution.hpp"
#include "client/wire/target.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/readiness.hpp"
#include "coro/yield.hpp"

namespace client {

/// Whether the kernel could not take a datagram for now: the send buffer or the queue of the
/// interface is full, or memory is short. The same datagram can be sent later. Other programs do
/// not see a full queue, which loses their datagrams silently; IP_RECVERR makes it an error.
bool has_no_room(coro::error_code error);

/// A UDP socket connected to one peer: the kernel discards datagrams of other senders. It reports
/// each error of the network (ICMP) beside the datagram that caused it (IP_RECVERR in ip(7)).
///
///     auto socket = DatagramSocket::open(yield, target, 3s).value();
///     socket->send(payload, yield);
///     const auto received = socket->receive(buffer, yield);
///
/// One coroutine may send while another receives.
class DatagramSocket {
 public:
  enum class Size {
    any,   ///< a datagram larger than the path's MTU travels in fragments
    whole  ///< the DF bit is set: such a datagram is an error (IP_PMTUDISC_PROBE)
  };

  /// Either a datagram (no error), or an error and perhaps the datagram that it is about.
  struct Received {
    coro::error_code error;
    /// Bytes in the buffer: of the datagram, or with an error the beginning of the one sent, as far
    /// as the router or host has quoted it.
    std::size_t size = 0;
    std::optional<boost::asio::ip::address> reporter;  ///< the host that sent the error
    std::uint32_t mtu = 0;  ///< with message_size: that of the next link, or 0 if unknown
  };

  /// The largest payload: 65,535 bytes, less the headers of IPv4 (20) and UDP (8).
  static constexpr std::size_t largest = 65507;
  /// The size of a buffer that any datagram fits into.
  static constexpr std::size_t largest_received = std::size_t{64} << 10U;

  using Result = boost::system::result<std::unique_ptr<DatagramSocket>>;

  /// Resolves the target, within the limit, and connects. The errors are those of resolve() and
  /// connect().
  static Result open(coro::Yield yield, const Target& target, coro::Clock::duration limit,
                     Size size = Size::any);

  /// Takes the first address to which this machine has a way: connect(2) sends nothing. The
  /// target's source and DSCP are set. The error is that of the last address.
  static Result connect(coro::Scheduler& scheduler, const Target& target,
                        const Addresses& addresses, Size size = Size::any);

  DatagramSocket(coro::Scheduler& scheduler, coro::Descriptor socket,
                 boost::asio::ip::udp::endpoint peer);

  const boost::asio::ip::udp::endpoint& peer() const { return peer_; }
  int number() const { return socket_.number(); }

  struct Sent {
    coro::error_code error;
    coro::Clock::time_point at;  ///< when the kernel got it, after all waits
  };

  /// Sends one datagram, which may be empty. An error that has_no_room() if it would have to wait,
  /// message_size if the datagram is too large for the socket or, with Size::whole, for the
  /// interface. An error that an earlier datagram caused is left to receive().
  coro::error_code try_send(boost::asio::const_buffer bytes);
  /// The same, but suspends while there is no room. operation_aborted if cancelled meanwhile.
  Sent send(boost::asio::const_buffer bytes, coro::Yield yield);

  /// The next datagram or error. would_block if there is none. Of a datagram that is larger than
  /// the buffer the rest is lost: the largest has 65,527 bytes.
  Received try_receive(boost::asio::mutable_buffer buffer);
  /// The same, but suspends until there is one. operation_aborted if cancelled meanwhile; when
  /// a time limit is over, after a last look.
  Received receive(boost::asio::mutable_buffer buffer, coro::Yield yield);

  /// The next error of the network, for those who receive by another call. The kernel reports the
  /// socket as readable as long as there is one.
  std::optional<Received> next_error(boost::asio::mutable_buffer buffer);

  /// See coro::Readiness.
  coro::error_code observe_readable(coro::Readiness::Observer* observer) {
    return readiness_.observe_readable(observer);
  }

 private:
  coro::Descriptor socket_;
  coro::Readiness readiness_;
  boost::asio::ip::udp::endpoint peer_;
  bool has_errors_ = false;          // perhaps, in the socket's queue of errors
  std::size_t taken_in_a_turn_ = 0;  // so that a flood does not keep others from their turn
};

}  // namespace client
