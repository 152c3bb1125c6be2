#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/udp/datagram_socket.hpp"
#include "client/udp/recent_payloads.hpp"
#include "client/wire/channel.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/target.hpp"
#include "coro/condition.hpp"
#include "coro/scheduler.hpp"
#include "coro/task.hpp"
#include "coro/timer.hpp"

namespace client {

/// Messages of people by UDP: each is a datagram, with no byte more than the message. An echo is
/// recognised by its bytes.
class DatagramLink final : public Channel {
 public:
  /// Called for each message that is lost. The link stays open.
  using Lost = std::function<void(const Failure&)>;

  enum class Surplus {
    again,   ///< the echo of a message that had come back
    late,    ///< the echo of a message that was lost
    foreign  ///< not the bytes of any message of late: changed on its way, or never sent
  };
  /// Called with a datagram for which no message waits.
  using Surprised = std::function<void(Surplus, std::string_view bytes)>;

  /// wait: a message whose echo takes longer is lost.
  DatagramLink(coro::Scheduler& scheduler, Target target, coro::Clock::duration wait, Lost lost,
               Surprised surprised);
  /// Closes it.
  ~DatagramLink() override;
  DatagramLink(const DatagramLink&) = delete;
  DatagramLink& operator=(const DatagramLink&) = delete;
  DatagramLink(DatagramLink&&) = delete;
  DatagramLink& operator=(DatagramLink&&) = delete;

  coro::error_code open(coro::Yield yield, coro::Clock::duration limit) override;
  bool is_open() const override { return socket_ != nullptr; }
  void close() override;
  std::string description() const override;
  /// message_size if it is larger than a datagram.
  coro::error_code send(std::string_view message, Exchange::Answer answer,
                        coro::Yield yield) override;
  void finish(coro::Yield yield, coro::Clock::duration limit) override;
  std::uint64_t bytes_sent() const override { return bytes_sent_; }
  std::uint64_t bytes_back() const override { return bytes_back_; }

 private:
  struct Message {
    std::string bytes;
    Exchange::Answer answer;
    coro::Clock::time_point sent;
  };
  using Messages = std::deque<Message>;

  void receive(const std::shared_ptr<DatagramSocket>& socket, coro::Yield yield);
  void take(const DatagramSocket::Received& received);
  void take_echo(std::string_view bytes);
  void take_error(coro::error_code error, std::string_view beginning);
  void look_for_late();
  void lose(const Messages::iterator& message, const Failure& failure);
  Message settle(const Messages::iterator& message, bool is_back);
  void watch_oldest();

  coro::Scheduler* scheduler_;
  Target target_;
  coro::Clock::duration wait_;
  Lost lost_;
  Surprised surprised_;
  std::shared_ptr<DatagramSocket> socket_;  // null: not open
  coro::Task receiver_;
  std::vector<char> buffer_;
  Messages messages_;  // under way, the oldest first
  RecentPayloads recent_;
  coro::Timer late_;         // the oldest is
  coro::Condition settled_;  // a message is back or lost
  bool finishing_ = false;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t bytes_back_ = 0;
};

}  // namespace client
