#include "client/pipe/datagram_pipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "client/output/standard_stream.hpp"
#include "client/pipe/input_lines.hpp"
#include "client/pipe/progress.hpp"
#include "client/udp/datagram_socket.hpp"
#include "client/udp/recent_payloads.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/run.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Yield;
namespace error = boost::asio::error;

// One run. UDP has no order, so nothing is sent before the line before is back.
class DatagramPipe {
 public:
  DatagramPipe(coro::Scheduler& scheduler, const Options& options)
      : scheduler_(&scheduler),
        options_(&options),
        lines_(scheduler, DatagramSocket::largest),
        output_(scheduler),
        buffer_(DatagramSocket::largest_received) {}

  /// Returns why it did not succeed.
  std::optional<Failure> run(Yield yield);

 private:
  std::optional<Failure> echo_lines(Yield yield);
  std::optional<Failure> echo(std::string_view line, Yield yield);
  std::optional<Failure> exchange(std::string_view line, Yield yield);
  std::optional<Failure> receive(std::string_view line, Yield yield);
  Failure input_failure(coro::error_code error) const;
  Failure no_echo(std::string_view line, bool other_came) const;

  coro::Scheduler* scheduler_;
  const Options* options_;
  InputLines lines_;
  StandardOutput output_;
  std::unique_ptr<DatagramSocket> socket_;
  std::vector<char> buffer_;
  RecentPayloads recent_;
  std::uint64_t number_ = 1;  // of the present line
  std::uint64_t written_ = 0;
};

std::optional<Failure> DatagramPipe::run(Yield yield) {
  auto socket = DatagramSocket::open(yield, options_->target, options_->timeout);
  if (!socket) return connect_failure(options_->target, socket.error());
  socket_ = std::move(*socket);
  const auto progress =
      scheduler_
          ->spawn("progress",
                  [this](Yield inner) { show_progress([this] { return written_; }, inner); })
          .value();
  auto failure = echo_lines(yield);
  progress.cancel();
  return failure;
}

std::optional<Failure> DatagramPipe::echo_lines(Yield yield) {
  for (;; ++number_) {
    const auto [error, line] = lines_.next(yield);
    if (error) return input_failure(error);
    if (line.empty()) return std::nullopt;
    if (auto failure = echo(line, yield)) return failure;
    written_ += line.size();
  }
}

std::optional<Failure> DatagramPipe::echo(std::string_view line, Yield yield) {
  if (auto failure = exchange(line, yield)) return failure;
  recent_.add(line, true);
  if (const auto error = output_.write(std::as_bytes(std::span(line)), yield))
    return local_failure("standard output", error);
  return std::nullopt;
}

// An interface that has no room is waited for no longer than an echo.
std::optional<Failure> DatagramPipe::exchange(std::string_view line, Yield yield) {
  const coro::TimeLimit time(yield, options_->wait);
  const auto error = socket_->send(boost::asio::buffer(line), yield).error;
  if (error == error::operation_aborted) return no_echo(line, false);
  if (error) return datagram_failure(options_->target, error);
  return receive(line, yield);
}

// Ignores copies of earlier lines. Another datagram may be this line's echo, changed on its way, or
// a foreign one: only the time tells.
std::optional<Failure> DatagramPipe::receive(std::string_view line, Yield yield) {
  for (bool other_came = false;;) {
    const auto received = socket_->receive(boost::asio::buffer(buffer_), yield);
    if (received.error == error::operation_aborted) return no_echo(line, other_came);
    if (received.error) return datagram_failure(options_->target, received.error);
    const std::string_view bytes(buffer_.data(), received.size);
    if (bytes == line) return std::nullopt;
    other_came = other_came || recent_.find(bytes) == nullptr;
  }
}

Failure DatagramPipe::input_failure(coro::error_code error) const {
  if (error != error::message_size) return local_failure("standard input", error);
  return {FailureClass::local,
          fmt::format("standard input: line {} has more than {} bytes, too many for a datagram",
                      number_, DatagramSocket::largest)};
}

Failure DatagramPipe::no_echo(std::string_view line, bool other_came) const {
  const auto& target = options_->target;
  if (other_came) {
    return {FailureClass::mismatch,
            fmt::format("line {} came back changed: {} is no echo service, or something on the way "
                        "changes bytes",
                        number_, target.name())};
  }
  return {FailureClass::timeout,
          fmt::format("no echo from {} of line {}, {} bytes did not come back: raise --wait if it "
                      "is only slow",
                      target.name(), number_, line.size())};
}

}  // namespace

int run_datagram_pipe(const Options& options) {
  coro::Scheduler scheduler;
  DatagramPipe pipe(scheduler, options);
  std::optional<Failure> failure;
  run_to_end(scheduler, [&] {
    scheduler.spawn("pipe", [&](Yield yield) { failure = pipe.run(yield); }).value();
  });
  if (failure) report(*failure);
  return failure ? 1 : 0;
}

}  // namespace client
