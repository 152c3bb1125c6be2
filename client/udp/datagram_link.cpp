#include "client/udp/datagram_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "client/output/units.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::error_code;
using coro::Yield;
namespace error = boost::asio::error;

// Datagrams: more than the socket's buffer holds, in case more come all the while.
constexpr int most_waiting = 4096;

// Enough of a message to recognise it by.
std::string beginning_of(std::string_view message) {
  constexpr std::size_t most = 40;
  if (message.ends_with('\n')) message.remove_suffix(1);
  return message.size() <= most ? std::string(message)
                                : std::string(message.substr(0, most)) + "...";
}

}  // namespace

DatagramLink::DatagramLink(coro::Scheduler& scheduler, Target target, Clock::duration wait,
                           Lost lost, Surprised surprised)
    : scheduler_(&scheduler),
      target_(std::move(target)),
      wait_(wait),
      lost_(std::move(lost)),
      surprised_(std::move(surprised)),
      buffer_(DatagramSocket::largest_received),
      late_(scheduler, [this] { look_for_late(); }) {}

DatagramLink::~DatagramLink() {
  close();
}

error_code DatagramLink::open(Yield yield, Clock::duration limit) {
  auto socket = DatagramSocket::open(yield, target_, limit);
  if (!socket) return socket.error();
  socket_ = std::move(*socket);
  finishing_ = false;
  receiver_ =
      scheduler_
          ->spawn("receive", [this, socket = socket_](Yield inner) { receive(socket, inner); })
          .value();
  return {};
}

void DatagramLink::close() {
  if (!socket_) return;
  receiver_.cancel();
  late_.stop();
  socket_ = nullptr;
  messages_.clear();
  settled_.notify_all();
}

std::string DatagramLink::description() const {
  const auto& peer = socket_->peer();
  return fmt::format("datagrams to {}, lost after {}",
                     Target{peer.address().to_string(), std::to_string(peer.port())}.name(),
                     time_text(wait_));
}

error_code DatagramLink::send(std::string_view message, Exchange::Answer answer, Yield yield) {
  if (!socket_ || finishing_) return error::operation_aborted;
  if (message.size() > DatagramSocket::largest) return error::message_size;
  const auto socket = socket_;  // it may be replaced while we wait
  const auto [error, now] = socket->send(boost::asio::buffer(message), yield);
  if (socket != socket_) return error::operation_aborted;
  if (error == error::operation_aborted || error == error::message_size) return error;
  bytes_sent_ += message.size();
  if (error) {
    lost_(datagram_failure(target_, error));
    return {};
  }
  messages_.push_back({std::string(message), std::move(answer), now});
  watch_oldest();
  return {};
}

void DatagramLink::finish(Yield yield, Clock::duration /*limit*/) {
  finishing_ = true;
  static_cast<void>(settled_.wait(yield, [this] { return messages_.empty(); }));
  close();
}

// ---- receiving

void DatagramLink::receive(const std::shared_ptr<DatagramSocket>& socket, Yield yield) {
  for (;;) {
    const auto received = socket->receive(boost::asio::buffer(buffer_), yield);
    if (yield.is_cancelled() || received.error == error::operation_aborted) return;
    take(received);
  }
}

void DatagramLink::take(const DatagramSocket::Received& received) {
  const std::string_view bytes(buffer_.data(), received.size);
  received.error ? take_error(received.error, bytes) : take_echo(bytes);
}

void DatagramLink::take_echo(std::string_view bytes) {
  const auto message = std::ranges::find(messages_, bytes, &Message::bytes);
  if (message == messages_.end()) {
    bool* const is_back = recent_.find(bytes);
    if (is_back == nullptr) return surprised_(Surplus::foreign, bytes);
    return surprised_(std::exchange(*is_back, true) ? Surplus::again : Surplus::late, bytes);
  }
  bytes_back_ += bytes.size();
  const auto echoed = settle(message, true);
  echoed.answer({echoed.bytes, Clock::now() - echoed.sent});
}

// The error quotes the beginning of the datagram that it is about.
void DatagramLink::take_error(error_code error, std::string_view beginning) {
  const auto message = std::ranges::find_if(
      messages_, [&](const auto& each) { return each.bytes.starts_with(beginning); });
  if (message != messages_.end()) lose(message, datagram_failure(target_, error));
}

// ---- the clock

void DatagramLink::watch_oldest() {
  if (messages_.empty()) return late_.stop();
  late_.expire_at(messages_.front().sent + wait_);
}

// The process may have been stopped, and what came meanwhile was in time.
void DatagramLink::look_for_late() {
  const auto now = Clock::now();
  for (int left = most_waiting; left > 0 && socket_ && !messages_.empty(); --left) {
    const auto received = socket_->try_receive(boost::asio::buffer(buffer_));
    if (received.error == error::would_block) break;
    take(received);
  }
  while (!messages_.empty() && messages_.front().sent + wait_ <= now) {
    lose(messages_.begin(),
         {FailureClass::timeout,
          fmt::format("no echo from {} of \"{}\": raise --wait if it is only slow", target_.name(),
                      beginning_of(messages_.front().bytes))});
  }
  watch_oldest();
}

void DatagramLink::lose(const Messages::iterator& message, const Failure& failure) {
  settle(message, false);
  lost_(failure);
}

// It is under way no more.
DatagramLink::Message DatagramLink::settle(const Messages::iterator& message, bool is_back) {
  auto settled = std::move(*message);
  messages_.erase(message);
  recent_.add(settled.bytes, is_back);
  watch_oldest();
  settled_.notify_all();
  return settled;
}

}  // namespace client
