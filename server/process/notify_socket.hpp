#pragma once

#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <string_view>

#include "coro/io.hpp"

namespace server {

/// Where a service manager hears of its services: sd_notify(3), spoken without libsystemd.
class NotifySocket {
 public:
  /// `address` as in NOTIFY_SOCKET: an absolute path, or '@' and a name in the abstract namespace
  /// (unix(7)). Anything else is an error of each send().
  NotifySocket(std::string_view address, const coro::Executor& executor);

  /// Sends one message, lines of VARIABLE=VALUE. Never waits: would_block if the receiver does not
  /// keep up.
  coro::error_code send(std::string_view message);

 private:
  using Protocol = boost::asio::local::datagram_protocol;

  boost::asio::basic_datagram_socket<Protocol, coro::Executor> socket_;
  Protocol::endpoint receiver_;
  coro::error_code error_;
};

}  // namespace server
