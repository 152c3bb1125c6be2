#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "client/bench/bench_lane.hpp"
#include "client/bench/bench_worker.hpp"
#include "client/bench/datagram_lane.hpp"
#include "client/wire/connect.hpp"
#include "client/wire/failure.hpp"
#include "coro/time_limit.hpp"
#include "coro/timer.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::error_code;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto opening_glance = 20ms;  // how often a thread looks what the others say
constexpr auto ask_again = 250ms;      // where no echo comes
constexpr std::size_t most_opening_at_once = 32;

}  // namespace

void BenchWorker::open_all(Yield yield) {
  std::vector<coro::Task> openers;
  for (std::size_t i = 0; i < std::min(share_, most_opening_at_once); ++i) {
    openers.push_back(scheduler_
                          .spawn("open",
                                 [this](Yield inner) {
                                   while (opening_ < share_ && !signals_->stop)
                                     open_next(inner);
                                 })
                          .value());
  }
  const auto watcher = scheduler_.spawn("watch", [&](Yield inner) {
    while (!signals_->stop)
      if (coro::sleep_for(inner, opening_glance)) return;
    for (const auto& opener : openers)
      opener.cancel();
  });
  for (const auto& opener : openers)
    static_cast<void>(opener.join(yield));
  watcher.value().cancel();
  static_cast<void>(watcher.value().join(yield));
}

void BenchWorker::open_next(Yield yield) {
  const bool is_first = opening_++ == 0;
  if (const auto error = options_->udp ? open_socket(is_first, yield) : open_connection(yield)) {
    if (error != error::operation_aborted)
      state_.results.add_failure(connect_failure(options_->target, error));
    signals_->stop = true;  // with fewer connections it would measure something else
  }
}

error_code BenchWorker::open_connection(Yield yield) {
  auto connection = connect(yield, options_->target, *addresses_, options_->timeout);
  if (!connection) return connection.error();
  state_.results.count_opening((*connection)->facts());
  lanes_.push_back(
      std::make_unique<BenchLane>(std::move(*connection), number_of(lanes_.size()), state_));
  return {};
}

error_code BenchWorker::open_socket(bool is_first, Yield yield) {
  auto socket = DatagramSocket::connect(scheduler_, options_->target, *addresses_);
  if (!socket) return socket.error();
  if (is_first) {
    if (const auto error = wait_for_echo(**socket, yield)) return error;
  }
  ++state_.results.connections;
  lanes_.push_back(std::make_unique<DatagramLane>(std::move(*socket), number_of(lanes_.size()),
                                                  tag_, options_->wait, *batch_, state_));
  return {};
}

// A socket of UDP is open whether or not somebody answers. Without a service there is nothing to
// measure, so the first one asks until an answer comes. Its datagram has the number that no other
// has.
error_code BenchWorker::wait_for_echo(DatagramSocket& socket, Yield yield) {
  const auto end = coro::from_now(options_->timeout);
  while (Clock::now() < end) {
    batch_->clear();
    batch_->add(0, tag_);
    const auto sent = batch_->send(socket.number());
    if (sent.error && sent.error != error::would_block) return sent.error;
    const coro::TimeLimit time(yield, std::min<Clock::duration>(ask_again, end - Clock::now()));
    const auto received =
        socket.receive(boost::asio::buffer(scratch_.data(), scratch_.size()), yield);
    if (!received.error || !time.expired()) return received.error;
  }
  return error::timed_out;
}

}  // namespace client
