#include "client/pipe/pipe.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "client/output/standard_stream.hpp"
#include "client/pipe/datagram_pipe.hpp"
#include "client/pipe/progress.hpp"
#include "client/wire/connect.hpp"
#include "client/wire/echo_window.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/run.hpp"
#include "coro/condition.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
namespace error = boost::asio::error;

// How far the input may be ahead of the echo. More than the kernels on both sides hold, so that the
// network is always busy; a server that wants more than this before it answers is no echo service.
constexpr std::size_t window_size = std::size_t{8} << 20U;
constexpr std::size_t receive_size = std::size_t{256} << 10U;

// One run: a coroutine that sends, one that receives, one that watches the clock for both.
class Pipe {
 public:
  Pipe(coro::Scheduler& scheduler, const Options& options)
      : scheduler_(&scheduler), options_(&options), input_(scheduler), output_(scheduler) {}

  void run(Yield yield);
  bool succeeded() const { return !failure_; }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  void send(Yield yield);
  void receive(Yield yield);
  void watch(Yield yield);
  bool write_unsent(Yield yield);
  bool take(std::span<const std::byte> echoed, Yield yield);
  void server_closed();
  void fail(Failure failure);
  void progressed() { last_progress_ = Clock::now(); }

  coro::Scheduler* scheduler_;
  const Options* options_;
  StandardInput input_;
  StandardOutput output_;
  std::unique_ptr<Connection> connection_;
  EchoWindow window_{window_size};
  coro::Condition room_;  // the window has some again
  Clock::time_point last_progress_;
  bool input_ended_ = false;
  bool writing_output_ = false;
  std::optional<Failure> failure_;
  coro::Task sender_;
  coro::Task receiver_;
};

void Pipe::run(Yield yield) {
  auto connection = connect(yield, options_->target, options_->timeout);
  if (!connection) return fail(connect_failure(options_->target, connection.error()));
  connection_ = std::move(*connection);
  progressed();
  const auto progress = scheduler_
                            ->spawn("progress",
                                    [this](Yield inner) {
                                      show_progress([this] { return window_.verified(); }, inner);
                                    })
                            .value();
  sender_ = scheduler_->spawn("send", [this](Yield inner) { send(inner); }).value();
  receiver_ = scheduler_->spawn("receive", [this](Yield inner) { receive(inner); }).value();
  const auto watcher = scheduler_->spawn("watch", [this](Yield inner) { watch(inner); }).value();
  static_cast<void>(receiver_.join(yield));
  sender_.cancel();
  watcher.cancel();
  progress.cancel();
}

// ---- standard input -> server

void Pipe::send(Yield yield) {
  for (;;) {
    if (room_.wait(yield, [this] { return !window_.full(); })) return;
    const auto [error, size] = input_.read_some(window_.room(), yield);
    if (error == error::operation_aborted) return;
    if (error) return fail(local_failure("standard input", error));
    if (size == 0) break;
    if (window_.outstanding() == 0) progressed();  // from now on the server owes us something
    window_.handed_over(size);
    if (!write_unsent(yield)) return;
  }
  input_ended_ = true;
  progressed();
  connection_->finish_sending();
}

bool Pipe::write_unsent(Yield yield) {
  while (!window_.unsent().empty()) {
    const auto unsent = window_.unsent();
    const auto [error, size] =
        connection_->write_some(boost::asio::buffer(unsent.data(), unsent.size()), yield);
    window_.sent(size);
    // When the connection broke, receive() gets what still came, and reports.
    if (error) return false;
  }
  return true;
}

// ---- server -> standard output

void Pipe::receive(Yield yield) {
  std::vector<std::byte> buffer(receive_size);
  for (;;) {
    const auto [error, size] = connection_->read_some(boost::asio::buffer(buffer), yield);
    if (error == error::operation_aborted) return;  // watch() gave up
    if (error == error::eof) return server_closed();
    if (error) return fail(transfer_failure(options_->target, error, window_.outstanding()));
    if (!take(std::span(buffer).first(size), yield)) return;
  }
}

bool Pipe::take(std::span<const std::byte> echoed, Yield yield) {
  const auto verdict = window_.verify(echoed);
  room_.notify_one();
  writing_output_ = true;
  const auto error = output_.write(echoed.first(verdict.matched), yield);
  writing_output_ = false;
  progressed();
  if (error) fail(local_failure("standard output", error));
  if (verdict.mismatch) fail(mismatch_failure(options_->target, *verdict.mismatch));
  return !failure_;
}

void Pipe::server_closed() {
  if (input_ended_ && window_.outstanding() == 0) return;
  fail(transfer_failure(options_->target, error::eof, window_.outstanding()));
}

// ---- the clock

// One coroutine that looks now and then, instead of a timer for every read.
void Pipe::watch(Yield yield) {
  const Clock::duration limit = options_->timeout;
  for (;;) {
    if (coro::sleep_for(yield, last_progress_ + limit - Clock::now())) return;
    const bool server_is_late = !writing_output_ && (window_.outstanding() > 0 || input_ended_);
    if (!server_is_late) progressed();
    if (Clock::now() - last_progress_ < limit) continue;
    if (window_.outstanding() > 0)
      fail(transfer_failure(options_->target, error::timed_out, window_.outstanding()));
    // Otherwise everything came back and the server merely does not close its side.
    return receiver_.cancel();
  }
}

void Pipe::fail(Failure failure) {
  if (!failure_) failure_ = std::move(failure);
  receiver_.cancel();
  room_.notify_all();
}

}  // namespace

int run_pipe(const Options& options) {
  if (options.udp) return run_datagram_pipe(options);
  coro::Scheduler scheduler;
  Pipe pipe(scheduler, options);
  run_to_end(scheduler,
             [&] { scheduler.spawn("pipe", [&](Yield yield) { pipe.run(yield); }).value(); });
  if (pipe.failure()) report(*pipe.failure());
  return pipe.succeeded() ? 0 : 1;
}

}  // namespace client
