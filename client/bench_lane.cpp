#include "client/bench_lane.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

namespace client {
namespace {

using coro::Clock;
namespace error = boost::asio::error;

// One writer only: no atomic read-modify-write is needed.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

}  // namespace

void BenchThreadState::count_bytes(std::size_t size, Clock::time_point now) {
  add(live_bytes, size);
  if (measures(now)) results.bytes += size;
}

void BenchThreadState::count_message(Clock::duration latency, Clock::time_point now) {
  add(live_messages, 1);
  if (!measures(now)) return;
  ++results.messages;
  results.latency.record(latency);
}

BenchLane::BenchLane(coro::Descriptor socket, std::uint64_t origin, BenchThreadState& state)
    : state_(&state),
      origin_(origin),
      begun_(origin),
      sent_(origin),
      received_(origin),
      message_end_(origin + state.message_size),
      began_(state.pipeline) {
  stream_.emplace(*state.scheduler, std::move(socket));
}

BenchLane::~BenchLane() {
  writer_.cancel();
}

// ---- one of many

void BenchLane::open() {
  open_ = true;
  ++state_->open;
  if (const auto failed = stream_->observe_readable(this))
    fail(transfer_failure(*state_->target, failed, 0));
  send_what_may_be(Clock::now());
}

void BenchLane::became_readable() {
  state_->ready.push_back(this);
  state_->turn.notify_one();
}

void BenchLane::take_turn() {
  if (!open_) return;
  if (failed_ || !receive()) return close();
  if (state_->stopping) close_if_done();
}

void BenchLane::close_if_done() {
  if (under_way_ == 0) close();
}

void BenchLane::close() {
  if (!std::exchange(open_, false)) return;
  state_->results.lost += under_way_;
  writer_.cancel();  // it may wait for the stream
  stream_.reset();
  --state_->open;
  state_->turn.notify_one();
}

// ---- one by itself

void BenchLane::run_one(Clock::time_point intended, coro::Yield yield) {
  more_follow_ = false;
  begin_message(intended);
  write();
  while (!failed_ && under_way_ > 0) {
    const bool interrupted = !send_failed_ && stream_->wait_readable(yield);
    if ((interrupted && !send_failed_) || !receive()) break;
  }
  state_->results.lost += under_way_;
  writer_.cancel();
}

// ---- sending

void BenchLane::send_due(Clock::time_point intended) {
  due_.push_back(intended);
  send_what_may_be(intended);
}

void BenchLane::send_what_may_be(Clock::time_point now) {
  while (under_way_ < state_->pipeline && !state_->stopping && more_follow_) {
    if (!state_->paced) {
      begin_message(now);
    } else if (!due_.empty()) {
      begin_message(due_.front());
      due_.pop_front();
    } else {
      break;
    }
  }
  if (sent_ != begun_ && !waits_for_room_) write();
}

void BenchLane::begin_message(Clock::time_point when) {
  began_[in_ring(oldest_ + under_way_)] = when;
  ++under_way_;
  begun_ += state_->message_size;
}

void BenchLane::write() {
  if (send_failed_) return fail_to_send(send_failed_);
  while (sent_ != begun_ && !failed_) {
    const auto size = std::min<std::size_t>(begun_ - sent_, Pattern::longest);
    const auto piece = state_->pattern->at(sent_, size);
    error_code failed;
    sent_ += stream_->send(boost::asio::buffer(piece.data(), piece.size()), failed);
    if (failed == error::would_block) {
      waits_for_room_ = true;
      full_.notify_one();
      if (writer_.done()) {
        auto writer = state_->scheduler->spawn(
            "bench write", [this](coro::Yield yield) { write_when_possible(yield); });
        if (writer) writer_ = *writer;
      }
      return;
    }
    if (failed) return fail_to_send(failed);
  }
}

// What had still come is received first, and then what ended the connection is known for certain.
void BenchLane::fail_to_send(error_code error) {
  send_failed_ = error;
  more_follow_ = false;
  stream_->cancel();
  if (open_) became_readable();
}

void BenchLane::write_when_possible(coro::Yield yield) {
  while (!yield.is_cancelled()) {
    if (!waits_for_room_) {
      if (full_.wait(yield)) return;
    } else {
      if (stream_->wait_writable(yield) || yield.is_cancelled()) return;
      waits_for_room_ = false;
      write();
    }
  }
}

// ---- receiving

// Once, even if there is more: a server as fast as this client would otherwise keep it here for
// ever, and the other lanes waiting. False if the lane has failed.
bool BenchLane::receive() {
  error_code failed;
  const auto& scratch = state_->scratch;
  const auto size = stream_->receive(boost::asio::buffer(scratch.data(), scratch.size()), failed);
  if (failed == error::would_block) {
    if (!send_failed_) return true;
    failed = send_failed_;
  }
  if (failed) {
    fail(transfer_failure(*state_->target, failed, begun_ - received_));
    return false;
  }
  const auto now = Clock::now();  // one look at the clock for each echo
  if (!take(scratch.first(size), now)) return false;
  send_what_may_be(now);
  return !failed_;
}

bool BenchLane::take(std::span<const std::byte> echoed, Clock::time_point now) {
  auto mismatch = state_->pattern->compare(received_, echoed, origin_);
  const bool surplus = received_ + echoed.size() > begun_;
  if (!mismatch && surplus)
    mismatch = Mismatch{begun_ - origin_, std::nullopt, echoed[begun_ - received_]};
  if (mismatch) {
    fail(mismatch_failure(*state_->target, *mismatch));
    return false;
  }
  received_ += echoed.size();
  state_->count_bytes(echoed.size(), now);
  for (; under_way_ > 0 && received_ >= message_end_; message_end_ += state_->message_size) {
    state_->count_message(now - began_[oldest_], now);
    oldest_ = in_ring(oldest_ + 1);
    --under_way_;
  }
  return true;
}

void BenchLane::fail(const Failure& failure) {
  if (std::exchange(failed_, true)) return;
  state_->results.add_failure(failure);
  stream_->cancel();
  if (open_) became_readable();  // a last turn, which closes it
}

}  // namespace client
