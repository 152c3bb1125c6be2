#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "client/wire/exchange.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/target.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// The way to the server: a connection that can be lost and opened again. Each message is sent with
/// an answer, a function that is called with its echo. The answers to lost messages are never
/// called.
class Link {
 public:
  /// Called when the connection ended without being closed here.
  using Lost = std::function<void(const Failure&)>;

  Link(coro::Scheduler& scheduler, Target target, Lost lost);
  /// Closes it.
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  Link(Link&&) = delete;
  Link& operator=(Link&&) = delete;

  /// Suspends until connected, at most for the limit. Not while it is open.
  error_code open(coro::Yield yield, coro::Clock::duration limit);
  bool is_open() const { return exchange_ != nullptr; }
  void close();

  /// Suspends while too much is under way. operation_aborted if the link is not open, or is lost
  /// meanwhile.
  error_code send(std::string_view message, Exchange::Answer answer, coro::Yield yield);

  /// Closes the sending half and suspends until the server has closed, or for as long as there is
  /// progress within each limit. Then the link is closed.
  void finish(coro::Yield yield, coro::Clock::duration limit);

  const Target& target() const { return target_; }
  /// The address of the present or last connection, and the time that connecting took.
  const boost::asio::ip::tcp::endpoint& peer() const { return peer_; }
  coro::Clock::duration connect_time() const { return connect_time_; }

  /// Bytes over all connections.
  std::uint64_t bytes_sent() const;
  std::uint64_t bytes_back() const;

 private:
  void receive(const std::shared_ptr<Exchange>& exchange, coro::Yield yield);
  void lose(const std::shared_ptr<Exchange>& exchange, const Failure& failure);
  void forget(Exchange& exchange);

  coro::Scheduler* scheduler_;
  Target target_;
  Lost lost_;
  std::shared_ptr<Exchange> exchange_;  // null: not open
  coro::Task receiver_;
  boost::asio::ip::tcp::endpoint peer_;
  coro::Clock::duration connect_time_{};
  bool finishing_ = false;
  std::uint64_t earlier_sent_ = 0;  // over connections that are closed
  std::uint64_t earlier_back_ = 0;
};

}  // namespace client
