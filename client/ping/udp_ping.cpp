#include "client/ping/udp_ping.hpp"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <span>
#include <string>
#include <utility>

#include "client/wire/matching.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Yield;
namespace error = boost::asio::error;

Failure changed_failure(const Target& target, const Datagrams& sent,
                        std::optional<std::uint64_t> number, std::span<const std::byte> bytes) {
  if (!number || bytes.size() != sent.size()) {
    return {FailureClass::mismatch,
            fmt::format("{} bytes of seq={} came back as {}: {} is no echo service, or something "
                        "on the way changes datagrams",
                        sent.size(), number ? std::to_string(*number) : "?", bytes.size(),
                        target.name())};
  }
  const auto expected = sent.payload(*number);
  const auto offset = matching(bytes, expected);
  auto failure = mismatch_failure(target, {offset, expected[offset], bytes[offset]});
  failure.text = fmt::format("seq={} {}", *number, failure.text);
  return failure;
}

}  // namespace

UdpPing::UdpPing(coro::Scheduler& scheduler, const Options& options)
    : PingRun(scheduler, options),
      datagrams_(options.ping.size, Datagrams::random_tag()),
      buffer_(DatagramSocket::largest_received) {
  tally().datagrams.emplace();
}

bool UdpPing::open(Yield yield) {
  auto socket = DatagramSocket::open(yield, options().target, options().timeout);
  if (!socket) {
    if (socket.error() != error::operation_aborted)
      show_failure(connect_failure(options().target, socket.error()));
    return false;
  }
  socket_ = std::move(*socket);
  receiver_ = scheduler().spawn("receive", [this](Yield inner) { receive(inner); }).value();
  const auto& peer = socket_->peer();
  show(report().started({peer.address().to_string(), std::to_string(peer.port())},
                        datagrams_.size()));
  return true;
}

void UdpPing::close() {
  receiver_.cancel();
}

void UdpPing::send(std::uint64_t number, Yield yield) {
  // An interface that takes nothing any more is not waited for: the echo is late at once.
  const auto begun = coro::Clock::now();
  const coro::TimeLimit time(yield, options().wait);
  const auto [error, at] = socket_->send(boost::asio::buffer(datagrams_.payload(number)), yield);
  sent(error ? begun : at);
  if (error && error != error::operation_aborted) fail(number, {error, 0, std::nullopt, 0});
}

void UdpPing::receive(Yield yield) {
  for (;;) {
    const auto received = socket_->receive(boost::asio::buffer(buffer_), yield);
    if (received.error == error::operation_aborted) return;
    if (received.error)
      took_error(received);
    else
      took(received.size);
  }
}

void UdpPing::took(std::size_t size) {
  const auto bytes = std::span(buffer_).first(size);
  const auto found = datagrams_.recognise(bytes, echoes().latest());
  switch (found.kind) {
    case Datagrams::Kind::echo:
      // Empty payloads are all alike: it is the one that has waited longest.
      return took_echo(found.number.value_or(echoes().oldest_or_latest()), size);
    case Datagrams::Kind::changed:
      mismatched(found.number);
      return show_failure(changed_failure(options().target, datagrams_, found.number, bytes));
    case Datagrams::Kind::foreign:
      ++tally().datagrams->foreign;
      show(report().foreign(size));
  }
}

void UdpPing::took_echo(std::uint64_t number, std::size_t size) {
  refused_ = false;
  const auto arrived = received(number);
  auto& tally = *this->tally().datagrams;
  auto kind = arrived.reordered ? ReplyKind::reordered : ReplyKind::in_time;
  if (arrived.reordered) ++tally.reordered;
  if (arrived.arrival == Sequence::Arrival::late) {
    kind = ReplyKind::late;
    ++tally.late;
  }
  if (arrived.arrival == Sequence::Arrival::duplicate) {
    kind = ReplyKind::duplicate;
    ++tally.duplicates;
  }
  show(report().reply(number, size, arrived.round_trip, kind));
}

void UdpPing::took_error(const DatagramSocket::Received& received) {
  const auto quoted = std::span(buffer_).first(received.size);
  fail(datagrams_.number_in(quoted, echoes().latest()), received);
}

// The failure is explained once, and every echo that it costs has a line.
void UdpPing::fail(std::optional<std::uint64_t> number, const DatagramSocket::Received& received) {
  ++tally().datagrams->errors;
  refused_ = true;
  if (received.error != std::exchange(last_error_, received.error))
    show_failure(datagram_failure(options().target, received.error));
  show(report().error(number, received));
  if (number) lose(*number);
}

}  // namespace client
