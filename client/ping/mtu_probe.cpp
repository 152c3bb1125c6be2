#include "client/ping/mtu_probe.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <span>
#include <string>
#include <utility>

#include "client/udp/datagrams.hpp"
#include "client/wire/failure.hpp"
#include "coro/scheduler.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::error_code;
using coro::Yield;
using Outcome = MtuProbed::Outcome;
namespace error = boost::asio::error;

constexpr std::size_t largest_packet = 65535;  // of IPv4; IPv6 counts only what follows its header
constexpr int tries = 5;

std::size_t headers_before(const boost::asio::ip::address& peer) {
  constexpr std::size_t udp = 8;
  return udp + (peer.is_v4() ? 20 : 40);
}

std::size_t largest_payload(const boost::asio::ip::address& peer) {
  return largest_packet - (peer.is_v4() ? 28 : 8);
}

}  // namespace

MtuProbe::MtuProbe(coro::Scheduler& scheduler, const Options& options)
    : PingProgram(scheduler, options),
      buffer_(DatagramSocket::largest_received),
      tag_(Datagrams::random_tag()) {}

int MtuProbe::exit_status() const {
  return result_.complete && result_.largest ? 0 : 1;
}

bool MtuProbe::open(Yield yield) {
  auto socket =
      DatagramSocket::open(yield, options().target, options().timeout, DatagramSocket::Size::whole);
  if (!socket) {
    if (socket.error() != error::operation_aborted)
      show_failure(connect_failure(options().target, socket.error()));
    return false;
  }
  socket_ = std::move(*socket);
  const auto& peer = socket_->peer();
  result_.headers = headers_before(peer.address());
  show(mtu_started_line(Target{peer.address().to_string(), std::to_string(peer.port())}.name(),
                        options().ping.json));
  return true;
}

void MtuProbe::send_all(Yield yield) {
  MtuSearch search(Datagrams::header, largest_payload(socket_->peer().address()));
  while (const auto size = search.next()) {
    const auto probed = probe(*size, yield);
    if (yield.is_cancelled() || was_interrupted()) return;
    show(mtu_probed_line(*size, probed, options().ping.json));
    if (probed.outcome == Outcome::passed)
      search.passed();
    else if (probed.outcome == Outcome::lost)
      search.failed();
    else
      search.limited_to(probed.limit);
    result_.largest = search.largest();
  }
  result_.complete = true;
}

// The next one follows when the one before might have come back, and the last has all its time.
MtuProbed MtuProbe::probe(std::size_t size, Yield yield) {
  for (int i = 1; i <= tries; ++i) {
    const auto wait = i == tries ? options().wait : options().wait / tries;
    const auto probed = try_once(size, wait, yield);
    if (probed) return *probed;
    if (yield.is_cancelled() || was_interrupted()) break;
  }
  return {};
}

std::optional<MtuProbed> MtuProbe::try_once(std::size_t size, Clock::duration wait, Yield yield) {
  ++result_.sent;
  const coro::TimeLimit time(yield, wait);
  const auto payload = Datagrams(size, tag_).payload(sent_.size() + 1);
  const auto [error, at] = socket_->send(boost::asio::buffer(payload), yield);
  sent_.push_back({size, at});
  if (error) {
    if (error == error::message_size) return MtuProbed{Outcome::too_large, {}, size - 1};
    fail(error);
  }
  while (!time.expired()) {
    const auto received = socket_->receive(boost::asio::buffer(buffer_), yield);
    if (received.error == error::operation_aborted) break;
    if (auto probed = took(received, size)) return probed;
  }
  return std::nullopt;
}

// Returns nothing if that decides nothing about the size.
std::optional<MtuProbed> MtuProbe::took(const DatagramSocket::Received& received,
                                        std::size_t size) {
  return received.error ? took_error(received, size) : took_datagram(received.size, size);
}

std::optional<MtuProbed> MtuProbe::took_error(const DatagramSocket::Received& received,
                                              std::size_t size) {
  if (received.error != error::message_size) {
    fail(received.error);
    return std::nullopt;
  }
  const auto* const sent = sent_of(received.size);
  if (sent == nullptr || sent->size != size) return std::nullopt;
  MtuProbed probed{Outcome::too_large, {}, size - 1, received.mtu, received.reporter};
  const bool is_smaller = received.mtu > result_.headers && received.mtu < size + result_.headers;
  if (is_smaller) probed.limit = received.mtu - result_.headers;
  return probed;
}

// A datagram of another size than it was sent with has been cut. An echo of another size than this
// one comes from an earlier try.
std::optional<MtuProbed> MtuProbe::took_datagram(std::size_t bytes, std::size_t size) {
  const auto* const sent = sent_of(bytes);
  if (sent == nullptr) return std::nullopt;  // foreign
  ++result_.received;
  if (sent->size != size) return std::nullopt;
  const Datagrams datagrams(size, tag_);
  const auto kind = datagrams.recognise(std::span(buffer_).first(bytes), sent_.size()).kind;
  if (kind == Datagrams::Kind::echo) return MtuProbed{Outcome::passed, Clock::now() - sent->at};
  return MtuProbed{Outcome::too_large, {}, size - 1, 0, std::nullopt, bytes};
}

// The datagram that the buffer holds, or its beginning; null if it is not of this run.
const MtuProbe::Sent* MtuProbe::sent_of(std::size_t bytes) const {
  const auto number =
      Datagrams(Datagrams::header, tag_).number_in(std::span(buffer_).first(bytes), sent_.size());
  return number ? &sent_[*number - 1] : nullptr;
}

void MtuProbe::fail(error_code error) {
  if (error == error::operation_aborted || error == std::exchange(last_error_, error)) return;
  show_failure(datagram_failure(options().target, error));
}

std::string MtuProbe::summary() const {
  auto result = result_;
  result.elapsed = Clock::now() - started_;
  return mtu_summary(options().target, result, options().ping.json);
}

}  // namespace client
