#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/wire/channel.hpp"
#include "client/wire/exchange.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/target.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// A connection to the server that can be lost and opened again.
class Link final : public Channel {
 public:
  /// Called when the connection ended without being closed here.
  using Lost = std::function<void(const Failure&)>;

  Link(coro::Scheduler& scheduler, Target target, Lost lost);
  /// Closes it.
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  Link(Link&&) = delete;
  Link& operator=(Link&&) = delete;

  error_code open(coro::Yield yield, coro::Clock::duration limit) override;
  bool is_open() const override { return exchange_ != nullptr; }
  void close() override;
  std::string description() const override;
  error_code send(std::string_view message, Exchange::Answer answer, coro::Yield yield) override;
  /// Closes the sending half and waits until the server has closed.
  void finish(coro::Yield yield, coro::Clock::duration limit) override;

  const Target& target() const { return target_; }
  /// Of the present or last connection.
  const ConnectionFacts& facts() const { return facts_; }

  std::uint64_t bytes_sent() const override;
  std::uint64_t bytes_back() const override;

 private:
  void receive(const std::shared_ptr<Exchange>& exchange, coro::Yield yield);
  void lose(const std::shared_ptr<Exchange>& exchange, const Failure& failure);
  void forget(Exchange& exchange);

  coro::Scheduler* scheduler_;
  Target target_;
  Lost lost_;
  std::shared_ptr<Exchange> exchange_;  // null: not open
  coro::Task receiver_;
  ConnectionFacts facts_;
  bool finishing_ = false;
  std::uint64_t earlier_sent_ = 0;  // over connections that are closed
  std::uint64_t earlier_back_ = 0;
};

}  // namespace client
