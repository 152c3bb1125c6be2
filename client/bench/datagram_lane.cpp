#include "client/bench/datagram_lane.hpp"

#include <fmt/format.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <utility>

#include "client/wire/failure.hpp"

namespace client {
namespace {

using coro::Clock;
namespace error = boost::asio::error;
using Kind = SentDatagrams::Arrival::Kind;

// More than a socket's buffer holds, in case more come all the while.
constexpr int most_last_batches = 256;

Failure size_failure(const Target& target, std::size_t expected, std::size_t got) {
  return {FailureClass::mismatch,
          fmt::format("a datagram of {} bytes came back {}: {} is no echo service, or something on "
                      "the way changes bytes",
                      expected, got > expected ? "longer" : fmt::format("with {}", got),
                      target.name())};
}

// As large as net.core.rmem_max allows: what finds no room there is lost by the client, and by
// nobody else.
void enlarge_receive_buffer(int socket) {
  constexpr int size = 4 << 20;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// How many datagrams found no room in the socket's receive buffer.
std::uint64_t overflowed(int socket) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> information{};
  socklen_t size = sizeof information;
  ::getsockopt(socket, SOL_SOCKET, SO_MEMINFO, information.data(), &size);
  return information[SK_MEMINFO_DROPS];
}

}  // namespace

DatagramLane::DatagramLane(std::unique_ptr<DatagramSocket> socket, std::uint64_t number,
                           std::uint32_t tag, Clock::duration wait, DatagramBatch& batch,
                           BenchThreadState& state)
    : socket_(std::move(socket)),
      batch_(&batch),
      state_(&state),
      next_due_(number),
      tag_(tag + static_cast<std::uint32_t>(number)),
      sent_(wait) {
  enlarge_receive_buffer(socket_->number());
}

void DatagramLane::open() {
  open_ = true;
  ++state_->open;
  if (const auto error = socket_->observe_readable(this)) {
    report_once(datagram_failure(*state_->target, error));
    return close();
  }
  send_what_may_be(Clock::now());
}

void DatagramLane::became_readable() {
  state_->ready.push_back(this);
  state_->turn.notify_one();
}

void DatagramLane::take_turn() {
  if (!open_) return;
  receive(std::max<std::size_t>(sent_.under_way(), 1));
  send_what_may_be(Clock::now());
  if (state_->over && is_done()) close();
}

void DatagramLane::look_for_late(Clock::time_point now) {
  if (!open_) return;
  // The process may have been stopped, and what came meanwhile was in time.
  for (int left = most_last_batches; left > 0 && sent_.has_expired(now); --left)
    if (!receive(DatagramBatch::most)) break;
  sent_.expire(now, [this](Clock::time_point due) { lose(due); });
  if (!state_->schedule) sent_.move_window(now);
  send_what_may_be(now);
  if (state_->over && is_done()) close();
}

void DatagramLane::finish(Clock::time_point now) {
  send_due(now);
  if (open_ && is_done()) close();
}

void DatagramLane::end() {
  for (int left = most_last_batches; left > 0 && open_ && sent_.under_way() > 0; --left)
    if (!receive(DatagramBatch::most)) break;
  close();
}

void DatagramLane::close() {
  if (!std::exchange(open_, false)) return;
  sent_.expire_all([this](Clock::time_point due) { lose(due); });
  state_->results.datagrams.overflowed += overflowed(socket_->number());
  socket_.reset();
  --state_->open;
  state_->turn.notify_one();
}

void DatagramLane::lose(Clock::time_point due) {
  if (state_->measures(due)) ++state_->results.lost;
}

// ---- sending

void DatagramLane::send_due(Clock::time_point now) {
  if (open_) send_what_may_be(now);
}

void DatagramLane::send_one(Clock::time_point now) {
  send_due(now);
}

void DatagramLane::leave_out_warmup() {
  next_due_ = state_->schedule->from(next_due_, state_->measure_from);
}

std::uint64_t DatagramLane::never_begun() const {
  if (!state_->schedule) return 0;
  return state_->schedule->count(next_due_, state_->measure_from, state_->measure_to);
}

bool DatagramLane::is_due(std::uint64_t number, Clock::time_point now) const {
  if (state_->stopping) return false;
  const auto due = state_->schedule->due(number);
  return due <= now && due < state_->measure_to;
}

bool DatagramLane::may_add(std::uint64_t number, Clock::time_point now) const {
  if (state_->schedule) return is_due(number, now);
  return !state_->stopping && sent_.in_window() + batch_->added() < state_->pipeline;
}

// Once the measured time is over.
bool DatagramLane::is_done() const {
  const bool sends = state_->schedule && is_due(next_due_, state_->measure_to);
  return sent_.under_way() == 0 && !sends;
}

// One batch, even if there is more: a lane behind its schedule would otherwise send without end,
// and what comes back meanwhile would overflow the socket.
void DatagramLane::send_what_may_be(Clock::time_point now) {
  const auto& schedule = state_->schedule;
  batch_->clear();
  for (auto number = next_due_; !batch_->full() && may_add(number, now);) {
    batch_->add(sent_.next() + batch_->added(), tag_);
    if (schedule) number = schedule->after(number);
  }
  if (batch_->added() == 0) return;
  const auto [error, count] = batch_->send(socket_->number());
  for (std::size_t i = 0; i < count; ++i)
    took(now);
  // If the kernel has no room, the rest is sent when an echo has come, or by look_for_late().
  if (error && !has_no_room(error)) {
    report_once(datagram_failure(*state_->target, error));
    take_errors();
  }
}

void DatagramLane::took(Clock::time_point now) {
  auto due = now;
  if (const auto& schedule = state_->schedule) {
    due = schedule->due(next_due_);
    next_due_ = schedule->after(next_due_);
  }
  sent_.sent(due, now);
  if (state_->measures(due)) ++state_->results.datagrams.sent;
}

// ---- receiving

// Once, as a lane of TCP does. False if nothing has arrived.
bool DatagramLane::receive(std::size_t most) {
  const auto [error, count] = batch_->receive(socket_->number(), most);
  if (error) {
    if (error != error::would_block) report_once(datagram_failure(*state_->target, error));
    take_errors();
  }
  const auto now = Clock::now();
  for (std::size_t i = 0; i < count; ++i)
    take(i, now);
  return error ? error != error::would_block : count > 0;
}

void DatagramLane::take(std::size_t index, Clock::time_point now) {
  auto& counts = state_->results.datagrams;
  const auto received = batch_->received(index);
  const auto size = state_->message_size;
  if (!received || received->tag != tag_) {
    ++counts.foreign;
  } else if (received->bytes.size() != size) {
    ++counts.changed;
    report_once(size_failure(*state_->target, size, received->bytes.size()));
  } else if (const auto mismatch = batch_->compare(*received)) {
    ++counts.changed;
    report_once(mismatch_failure(*state_->target, *mismatch));
  } else {
    take_echo(*received, now);
  }
}

void DatagramLane::take_echo(const DatagramBatch::Received& received, Clock::time_point now) {
  auto& counts = state_->results.datagrams;
  const auto arrival = sent_.arrived(received.number, now);
  switch (arrival.kind) {
    case Kind::echo:
      state_->count_bytes(received.bytes.size(), now);
      state_->count_message(arrival.due, now);
      if (arrival.reordered && state_->measures(arrival.due)) ++counts.reordered;
      break;
    case Kind::duplicate:
      if (state_->measures(arrival.due)) ++counts.duplicates;
      break;
    case Kind::late:
      if (now >= state_->measure_from) ++counts.late;
      break;
    case Kind::unknown:  // such as the first echo of all, by which the service was found
      break;
  }
}

// The kernel reports a socket as readable until its queue of errors is empty.
void DatagramLane::take_errors() {
  const auto& scratch = state_->scratch;
  while (const auto found = socket_->next_error({scratch.data(), scratch.size()}))
    report_once(datagram_failure(*state_->target, found->error));
}

void DatagramLane::report_once(const Failure& failure) {
  if (reported_.insert(failure.kind).second) state_->results.add_failure(failure);
}

}  // namespace client
