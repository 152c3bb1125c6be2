#include "client/ping/tcp_ping.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Yield;
namespace error = boost::asio::error;

// Different for every echo, so that one that comes back twice, or in another's place, is noticed.
std::string payload(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>((number * 31 + i) & 0xffU);
  return bytes;
}

}  // namespace

TcpPing::TcpPing(coro::Scheduler& scheduler, const Options& options)
    : PingRun(scheduler, options),
      link_(scheduler, options.target, [this](const Failure& failure) { link_lost(failure); }) {}

// After a loss a short time tells soon that the service is back, since the kernel repeats a packet
// only after one second and then two. A handshake takes longer than an echo.
coro::Clock::duration TcpPing::time_to_connect() const {
  constexpr coro::Clock::duration for_handshake = std::chrono::seconds(3);
  if (!connected_once_) return options().timeout;
  return std::min<coro::Clock::duration>(
      options().timeout, std::max<coro::Clock::duration>(options().wait, for_handshake));
}

bool TcpPing::open(Yield yield) {
  if (const auto error = link_.open(yield, time_to_connect())) {
    if (error != error::operation_aborted) link_lost(connect_failure(options().target, error));
    return false;
  }
  connected_once_ = true;
  const auto& facts = link_.facts();
  tally().connect_times.record(facts.connect_time);
  if (facts.handshake_time) tally().handshake_times.record(*facts.handshake_time);
  show(report().connected(facts));
  if (tally().gaps.is_open) end_gap();
  return true;
}

void TcpPing::send(std::uint64_t number, Yield yield) {
  const bool ready = link_.is_open() || open(yield);
  if (was_interrupted()) return;
  sent();
  if (!ready) return lose_oldest();
  // A server that takes nothing any more is not waited for: the echo is given up like any that is
  // late.
  const coro::TimeLimit time(yield, options().wait);
  static_cast<void>(link_.send(
      payload(number, options().ping.size),
      [this, number](const Exchange::Reply& reply) { returned(number, reply); }, yield));
}

void TcpPing::returned(std::uint64_t number, const Exchange::Reply& reply) {
  const auto arrived = received(number);
  const bool late = arrived.arrival != Sequence::Arrival::received;
  show(report().reply(number, reply.bytes.size(), arrived.round_trip,
                      late ? ReplyKind::late : ReplyKind::in_time));
}

// With the connection goes everything that was under way. A byte may also be wrong because nothing
// was: one too many.
void TcpPing::link_lost(const Failure& failure) {
  show_failure(failure);
  if (connected_once_ && !tally().gaps.is_open) begin_gap();
  if (failure.kind == FailureClass::mismatch) {
    const auto oldest = echoes().oldest();
    mismatched(oldest ? std::optional(oldest->number) : std::nullopt);
  }
  while (echoes().oldest())
    lose_oldest();
}

void TcpPing::begin_gap() {
  gap_began_ = {tally().lost, coro::Clock::now(), std::chrono::system_clock::now()};
  tally().gaps.is_open = true;
  ++tally().gaps.count;
}

void TcpPing::end_gap() {
  const auto length = coro::Clock::now() - gap_began_.at;
  tally().gaps.is_open = false;
  tally().gaps.add(length);
  show(report().gap({gap_began_.time, length, tally().lost - gap_began_.lost_before}));
}

PingTally TcpPing::tally_so_far() const {
  auto tally = PingRun::tally_so_far();
  if (tally.gaps.is_open) tally.gaps.add(coro::Clock::now() - gap_began_.at);
  return tally;
}

}  // namespace client
