#include "client/bench/bench_lane.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <utility>

namespace client {
namespace {

using coro::Clock;
namespace error = boost::asio::error;

constexpr std::uint64_t distance = 25013;  // from one lane's origin to the next

}  // namespace

BenchLane::BenchLane(std::unique_ptr<Connection> connection, std::uint64_t number,
                     BenchThreadState& state)
    : connection_(std::move(connection)),
      state_(&state),
      next_(number),
      origin_(number * distance % Pattern::period),
      begun_(origin_),
      sent_(origin_),
      received_(origin_),
      message_end_(origin_ + state.message_size),
      began_(state.pipeline),
      more_follow_(!state.on_demand) {}

BenchLane::~BenchLane() {
  writer_.cancel();
}

// ---- one of many

void BenchLane::open() {
  open_ = true;
  ++state_->open;
  if (const auto error = connection_->observe_readable(this))
    fail(transfer_failure(*state_->target, error, 0));
  send_what_may_be(Clock::now());
}

void BenchLane::became_readable() {
  state_->ready.push_back(this);
  state_->turn.notify_one();
}

void BenchLane::take_turn() {
  if (!open_) return;
  if (failed_ || !receive()) return close();
  if (state_->over && is_done()) return close();
  if (connection_->has_more_to_read()) became_readable();
}

void BenchLane::finish(Clock::time_point now) {
  send_due(now);
  if (open_ && is_done()) close();
}

void BenchLane::take_what_came() {
  if (!open_) return;
  receive_all_that_came();
  if (failed_ || is_done()) close();
}

void BenchLane::end() {
  take_what_came();
  if (open_) state_->results.add_failure(transfer_failure(*state_->target, error::timed_out, 0));
  close();
}

void BenchLane::close() {
  if (!std::exchange(open_, false)) return;
  count_lost();
  writer_.cancel();  // it may wait for the stream
  connection_.reset();
  --state_->open;
  state_->turn.notify_one();
}

void BenchLane::count_lost() {
  for (std::size_t i = 0; i < under_way_; ++i)
    state_->count_lost(began_[in_ring(oldest_ + i)]);
}

// ---- one by itself

bool BenchLane::run_one(Clock::time_point intended, coro::Yield yield) {
  begin_message(intended);
  write();
  bool interrupted = false;
  while (!failed_ && !interrupted && under_way_ > 0) {
    if (send_failed_) {
      receive();
      continue;
    }
    const auto& scratch = state_->scratch;
    auto transfer =
        connection_->read_some(boost::asio::buffer(scratch.data(), scratch.size()), yield);
    const bool aborted = transfer.error == error::operation_aborted;
    if (aborted) transfer.error = {};  // what came in time counts all the same
    interrupted = aborted && !send_failed_;
    if (received(transfer) && interrupted) receive_all_that_came();
  }
  count_lost();
  writer_.cancel();
  return failed_ || under_way_ == 0;
}

// ---- sending

void BenchLane::send_one(Clock::time_point now) {
  if (!open_) return;
  begin_message(now);
  write();
}

void BenchLane::send_due(Clock::time_point now) {
  if (open_) send_what_may_be(now);
}

void BenchLane::send_what_may_be(Clock::time_point now) {
  while (under_way_ < state_->pipeline && may_begin(now)) {
    if (state_->schedule) {
      begin_message(state_->schedule->due(next_));
      next_ = state_->schedule->after(next_);
    } else {
      begin_message(now);
    }
  }
  if (sent_ != begun_) write();
}

bool BenchLane::may_begin(Clock::time_point now) const {
  if (state_->stopping || !more_follow_) return false;
  if (!state_->schedule) return true;
  const auto due = state_->schedule->due(next_);
  return due <= now && due < state_->measure_to;
}

// Once the measured time is over.
bool BenchLane::is_done() const {
  return under_way_ == 0 && !may_begin(state_->measure_to);
}

void BenchLane::leave_out_warmup() {
  next_ = state_->schedule->from(next_, state_->measure_from);
}

std::uint64_t BenchLane::never_begun() const {
  if (!state_->schedule) return 0;
  return state_->schedule->count(next_, state_->measure_from, state_->measure_to);
}

void BenchLane::begin_message(Clock::time_point when) {
  began_[in_ring(oldest_ + under_way_)] = when;
  ++under_way_;
  begun_ += state_->message_size;
}

// The next piece of what is begun and not sent, not empty.
std::span<const std::byte> BenchLane::unsent() const {
  const auto size = std::min<std::size_t>(begun_ - sent_, Pattern::longest);
  return state_->pattern->at(sent_, size);
}

void BenchLane::write() {
  if (send_failed_) return fail_to_send(send_failed_);
  // Bytes that write_when_possible() waits with would be sent twice.
  while (sent_ != begun_ && !failed_ && !waits_for_room_) {
    const auto piece = unsent();
    const auto [error, taken] =
        connection_->try_write(boost::asio::buffer(piece.data(), piece.size()));
    sent_ += taken;
    if (error) return fail_to_send(error);
    if (taken < piece.size()) {
      waits_for_room_ = true;
      full_.notify_one();
      if (writer_.done()) {
        auto writer = state_->scheduler->spawn(
            "bench write", [this](coro::Yield yield) { write_when_possible(yield); });
        if (writer) writer_ = *writer;
      }
      return;
    }
  }
}

// The rest is received first; only then is it certain why the connection ended.
void BenchLane::fail_to_send(error_code error) {
  send_failed_ = error;
  more_follow_ = false;
  connection_->cancel();
  if (open_) became_readable();
}

void BenchLane::write_when_possible(coro::Yield yield) {
  while (!yield.is_cancelled()) {
    if (!waits_for_room_) {
      if (full_.wait(yield)) return;
    } else {
      const auto piece = unsent();
      const auto [error, taken] =
          connection_->write_some(boost::asio::buffer(piece.data(), piece.size()), yield);
      if (error == error::operation_aborted || yield.is_cancelled()) return;  // it may be gone
      sent_ += taken;
      waits_for_room_ = false;
      error ? fail_to_send(error) : write();
    }
  }
}

// ---- receiving

// Once, even if there is more: a server as fast as this client would otherwise keep it here for
// ever, and the other lanes waiting. False if the lane has failed.
bool BenchLane::receive() {
  const auto& scratch = state_->scratch;
  return received(connection_->try_read(boost::asio::buffer(scratch.data(), scratch.size())));
}

bool BenchLane::received(const coro::Transfer& transfer) {
  const auto [error, size] = transfer;
  if (!error && size == 0 && !send_failed_) return true;  // nothing has arrived
  if (error || size == 0) {
    const auto reason = error ? error : send_failed_;
    fail(transfer_failure(*state_->target, reason, begun_ - received_));
    return false;
  }
  const auto& scratch = state_->scratch;
  const auto now = Clock::now();  // one look at the clock for each echo
  if (!take(scratch.first(size), now)) return false;
  send_what_may_be(now);
  return !failed_;
}

// There is no time to wait any more; but after a pause of the whole process there is much to read.
void BenchLane::receive_all_that_came() {
  while (!failed_ && receive() && connection_->has_more()) {
  }
}

bool BenchLane::take(std::span<const std::byte> echoed, Clock::time_point now) {
  const auto expected = std::min<std::size_t>(echoed.size(), begun_ - received_);
  auto mismatch = state_->pattern->compare(received_, echoed.first(expected), origin_);
  if (!mismatch && expected < echoed.size())
    mismatch = Mismatch{begun_ - origin_, std::nullopt, echoed[expected]};
  if (mismatch) {
    fail(mismatch_failure(*state_->target, *mismatch));
    return false;
  }
  received_ += echoed.size();
  state_->count_bytes(echoed.size(), now);
  for (; under_way_ > 0 && received_ >= message_end_; message_end_ += state_->message_size) {
    state_->count_message(began_[oldest_], now);
    oldest_ = in_ring(oldest_ + 1);
    --under_way_;
  }
  return true;
}

void BenchLane::fail(const Failure& failure) {
  failed_ = true;
  state_->results.add_failure(failure);
  connection_->cancel();
  if (open_) became_readable();  // a last turn, which closes it
}

}  // namespace client
