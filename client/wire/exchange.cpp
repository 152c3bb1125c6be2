#include "client/wire/exchange.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

namespace client {
namespace {

namespace error = boost::asio::error;

}  // namespace

std::shared_ptr<Exchange> Exchange::over(std::unique_ptr<Connection> connection,
                                         coro::Scheduler& scheduler) {
  auto exchange = std::make_shared<Exchange>(std::move(connection));
  scheduler.spawn("write", [exchange](coro::Yield yield) { exchange->write_later(yield); }).value();
  return exchange;
}

Exchange::Exchange(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)), buffer_(receive_size) {}

error_code Exchange::send(std::string_view message, Answer answer, coro::Yield yield) {
  const auto has_room = [&] { return !open_ || window_.capacity() - missing() >= message.size(); };
  if (const auto interrupted = room_.wait(yield, has_room)) return interrupted;
  if (!open_ || finishing_) return error::operation_aborted;
  messages_.push_back({window_.total() + message.size(), std::move(answer), coro::Clock::now()});
  for (auto rest = std::as_bytes(std::span(message)); !rest.empty();) {
    const auto room = window_.room();
    const auto size = std::min(room.size(), rest.size());
    std::ranges::copy(rest.first(size), room.begin());
    window_.handed_over(size);
    rest = rest.subspan(size);
  }
  write_now();
  return {};
}

// Sends as much as the socket takes at once. write_later() sends the rest, and what is handed over
// while it waits: there may be room again before it hears of it, and the bytes that it waits with
// would be sent twice. If the connection is broken, receive() reports that after what had still
// come.
void Exchange::write_now() {
  if (waits_for_room_) return;
  for (auto unsent = window_.unsent(); !unsent.empty(); unsent = window_.unsent()) {
    const auto [error, size] =
        connection_->try_write(boost::asio::buffer(unsent.data(), unsent.size()));
    window_.sent(size);
    if (error) return;
    if (size < unsent.size()) return unsent_.notify_one();
  }
}

void Exchange::write_later(coro::Yield yield) {
  const auto has_work = [this] { return !open_ || finishing_ || !window_.unsent().empty(); };
  while (!unsent_.wait(yield, has_work) && open_) {
    const auto unsent = window_.unsent();
    if (unsent.empty()) return connection_->finish_sending();
    waits_for_room_ = true;
    const auto [error, size] =
        connection_->write_some(boost::asio::buffer(unsent.data(), unsent.size()), yield);
    waits_for_room_ = false;
    window_.sent(size);
    if (error) return;
  }
}

void Exchange::finish() {
  finishing_ = true;
  unsent_.notify_one();
}

void Exchange::close() {
  if (!std::exchange(open_, false)) return;
  connection_->cancel();
  room_.notify_all();
  unsent_.notify_all();
}

Exchange::Ending Exchange::receive(coro::Yield yield) {
  while (open_) {
    const auto [error, size] = connection_->read_some(boost::asio::buffer(buffer_), yield);
    if (error) return error;
    if (const auto mismatch = take({buffer_.data(), size})) return *mismatch;
  }
  return error_code(error::operation_aborted);
}

// Compares what came, and answers the messages that are complete with it.
std::optional<Mismatch> Exchange::take(std::string_view bytes) {
  while (!bytes.empty() && open_) {
    const auto of_this_message =
        messages_.empty() ? bytes.size() : messages_.front().end - window_.verified();
    const auto piece = bytes.substr(0, of_this_message);
    const auto verdict = window_.verify(std::as_bytes(std::span(piece)));
    if (verdict.mismatch) return verdict.mismatch;
    bytes.remove_prefix(piece.size());
    partial_.append(piece);
    room_.notify_all();
    if (window_.verified() < messages_.front().end) break;
    const auto message = std::move(messages_.front());
    messages_.pop_front();
    message.answer({std::exchange(partial_, {}), coro::Clock::now() - message.handed_over});
  }
  return std::nullopt;
}

}  // namespace client
