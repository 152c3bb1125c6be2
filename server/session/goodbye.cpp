#include "server/session/goodbye.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "coro/time_limit.hpp"

namespace server {
namespace {

using coro::Clock;
using coro::Yield;

// How long a client may take to close its half after the service has closed its own and all has
// arrived.
constexpr std::chrono::seconds linger_timeout{2};

// The service waits this long for a client whose connection it ends, and longer the more the client
// is owed: as long as a line of slowest_line needs for it.
constexpr std::chrono::seconds shortest_goodbye{10};
constexpr std::size_t slowest_line = std::size_t{32} * 1024;  // bytes a second

// No event reports an acknowledgement, so the service looks. The first looks are close together,
// since nearly every client's kernel acknowledges within milliseconds.
constexpr std::chrono::milliseconds first_look_after{1};
constexpr std::chrono::milliseconds longest_between_looks{256};

// The end of an encrypted stream is bytes, for which the socket may have no room yet.
constexpr std::chrono::milliseconds between_attempts_to_send{16};

// The end of the stream counts as one unacknowledged byte. The service does not wait for it: a
// client that is gone may never acknowledge it, and for it alone the kernel keeps an entry in a
// table and no bytes.
constexpr std::size_t end_of_stream = 1;

}  // namespace

bool Goodbye::say(std::optional<Clock::time_point>& until, Yield yield) {
  stream_.finish_sending();
  std::size_t left = stream_.unacknowledged();
  if (!until) until = Clock::now() + shortest_goodbye + std::chrono::seconds(left / slowest_line);
  // While the service serves, the wait goes on to `until` or a stall (gives_up()); while it drains,
  // only as long as each round brings some progress.
  while (!discard_until_closed(yield)) {
    const std::size_t before = std::exchange(left, stream_.unacknowledged());
    if (left <= end_of_stream) return true;
    if (gives_up() || Clock::now() >= *until) return false;
    if (stage_ == Stage::draining && left == before) return false;
  }
  return deliver(*until, yield);
}

bool Goodbye::deliver_rest(Yield yield) {
  if (stream_.is_encrypted()) stream_.finish_sending();  // close_notify, which the client waits for
  if (stream_.unacknowledged() == 0) return true;        // close(2) sends the end of the stream
  stream_.finish_sending();
  return deliver(Clock::time_point::max(), yield);
}

// Returns whether the client has closed its half in time.
bool Goodbye::discard_until_closed(Yield yield) {
  const coro::TimeLimit limit(yield, linger_timeout);
  const auto unwanted = boost::asio::buffer(scratch_.data(), scratch_.size());
  while (!gives_up()) {
    std::optional<coro::TimeLimit> attempt;  // a read that is over sends what has room now
    if (stream_.has_unsent()) attempt.emplace(yield, between_attempts_to_send);
    const auto [error, size] = stream_.read_some(unwanted, yield);
    if (error && error != boost::asio::error::operation_aborted) return true;
    if (limit.expired()) return false;
  }
  return false;
}

// Returns whether all has arrived.
bool Goodbye::deliver(Clock::time_point until, Yield yield) {
  auto progress = Clock::now();
  auto pause = first_look_after;
  for (std::size_t left = stream_.unacknowledged(); left > end_of_stream;) {
    const auto now = Clock::now();
    if (gives_up() || now >= until) return false;
    if (stage_ == Stage::draining && now - progress >= linger_timeout) return false;
    static_cast<void>(coro::sleep_for(yield, pause));
    pause = std::min(pause * 2, longest_between_looks);
    const std::size_t before = std::exchange(left, stream_.unacknowledged());
    if (left < before) progress = Clock::now();
  }
  return true;
}

// Returns whether the goodbye must stop although the client is still owed something: while serving,
// if the client has stalled; while draining, never (shutdown.timeout is the limit, and the stage
// becomes aborting then).
bool Goodbye::gives_up() const {
  return stage_ == Stage::serving ? delivery_.stalled() : stage_ == Stage::aborting;
}

}  // namespace server
