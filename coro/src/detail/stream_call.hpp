#pragma once

#include <algorithm>
#include <bit>
#include <boost/asio/error.hpp>
#include <cstddef>

#include "coro/scheduler.hpp"
#include "coro/tls_stream.hpp"
#include "coro/yield.hpp"

/// Parts that the files of the plain and of the encrypted stream share.
namespace coro::detail {

/// A call in progress. It lies on the stack of the coroutine that is suspended in it.
class StreamCall {
 public:
  explicit StreamCall(StreamCall*& place) : place_(&place) { place = this; }
  ~StreamCall() {
    if (place_ != nullptr) *place_ = nullptr;
  }
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;
  StreamCall(StreamCall&&) = delete;
  StreamCall& operator=(StreamCall&&) = delete;

  static void forget_stream(StreamCall* call) {
    if (call != nullptr) call->place_ = nullptr;
  }
  bool stream_is_gone() const { return place_ == nullptr; }

 private:
  StreamCall** place_;
};

/// While many are ready each moves less at a time, so that small echoes are not kept waiting by
/// bulk. All of them together move about 1 MiB before anybody has another turn, and each at least
/// 64 KiB, since smaller pieces cost more system calls than they save others time.
inline std::size_t bytes_in_a_turn(const Scheduler& scheduler) {
  constexpr std::size_t most_in_a_round = std::size_t{1024} * 1024;
  constexpr std::size_t least_in_a_turn = std::size_t{64} * 1024;
  // Divides by the power of two below the crowd, which costs less than a division.
  return std::max(most_in_a_round >> (std::bit_width(scheduler.crowd() | 1) - 1), least_in_a_turn);
}

/// The most that one call takes from a peer of TLS without a byte for the reader: each of the tiny
/// records of a flood costs OpenSSL microseconds. It is more than a record of 16 KiB takes with all
/// that is around it (RFC 5246, 6.2.3), so bulk never comes to it. Far less if the call before came
/// to it (`left` is 0): 20 KiB of records of a byte take OpenSSL a millisecond.
constexpr std::size_t most_in_vain(std::size_t left) {
  return left == 0 ? TlsStream::least_in_vain : std::size_t{20} * 1024;
}

/// Gives the others their turn, as a wait for something that is there already: unlike Yield::now()
/// it ends with operation_aborted if the coroutine is cancelled. Returns an errno.
inline int wait_for_next_turn(Yield yield) {
  Fiber& fiber = yield.fiber();
  bool aborted = false;
  fiber.suspend_then([&] {
    aborted = fiber.abort_requested();
    fiber.wake(aborted);
  });
  return aborted ? static_cast<int>(boost::asio::error::operation_aborted) : 0;
}

}  // namespace coro::detail
