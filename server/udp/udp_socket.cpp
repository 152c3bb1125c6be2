#include "server/udp/udp_socket.hpp"

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

#include "coro/error.hpp"
#include "server/accept/accept_error.hpp"
#include "server/accept/socket_options.hpp"
#include "server/net/peer.hpp"
#include "server/udp/udp_binding.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using coro::error_code;
using coro::Yield;

// After so many datagrams that came alone the next one is received alone, too, since recvmmsg(2),
// which looks for another one, costs the kernel a tenth of an echo more. Each time that so many
// more have come alone, the socket looks again.
constexpr unsigned alone_for_now = 16;

// After so many turns of one socket in which nothing else happened.
constexpr unsigned quiet_for_now = 16;

// More than a socket's buffer holds, in case more come all the while.
constexpr int most_last_batches = 256;

}  // namespace

UdpSocket::UdpSocket(UdpContext& context, ListenAddress asked, coro::Descriptor socket,
                     bool inherited)
    : context_(context),
      asked_(std::move(asked)),
      endpoint_(local_endpoint(socket.number())),
      socket_(std::move(socket)),
      inherited_(inherited),
      faults_(context.scheduler, socket_.number(), context.config.faults, context.statistics),
      task_(context.scheduler.spawn("udp", [this](Yield yield) { run(yield); }).value()) {}

bool UdpSocket::is_for(const ListenAddress& address) const {
  return !lost() && asked_.endpoint == address.endpoint && asked_.dual_stack == address.dual_stack;
}

ListenerState UdpSocket::state() const {
  return {.socket = socket_.number(), .asked = asked_, .inherited = inherited_};
}

void UdpSocket::flush() {
  faults_.flush();
}

void UdpSocket::apply(const Config& config) {
  if (!inherited_) share_port(socket_.number(), config.reuse_port);
}

void UdpSocket::stop() {
  stopping_ = true;
  task_.cancel();
}

void UdpSocket::wait_until_stopped(Yield yield) {
  while (task_.join(yield)) {
  }
}

void UdpSocket::run(Yield yield) {
  echo_until_stopped(yield);
  if (stopping_ && !inherited_) echo_what_has_arrived();
  faults_.flush();
  socket_.close();
  if (stopping_) return;
  context_.log.error({"not_listening", {{"transport", "udp"}, {"address", to_string(endpoint_)}}},
                     "no longer listening on udp {}: the socket was shut down",
                     to_string(endpoint_));
  context_.changed.notify_all();
}

// Also returns when the socket has been shut down. After each batch the others have their turn.
void UdpSocket::echo_until_stopped(Yield yield) {
  coro::Readiness readiness(yield.scheduler(), socket_.number());
  error_code ended;
  while (!ended) {
    ended = wait_for_datagrams(readiness, yield);
    if (stopping_) return;
    if (ended) continue;
    const error_code failed = echo_batch(size_of_turn());
    if (failed)
      ended = nothing_received(failed, yield);
    else
      turns_for_nothing_ = 0;
    if (stopping_) return;
  }
}

error_code UdpSocket::wait_for_datagrams(coro::Readiness& readiness, Yield yield) {
  const bool quiet = turns_alone_ >= quiet_for_now;
  const error_code error =
      quiet ? readiness.wait_readable_unregistered(yield) : readiness.wait_readable(yield);
  if (quiet && readiness.registered()) turns_alone_ = 0;
  if (!error || error == error::operation_aborted) return error;
  return pause(error, yield);  // epoll has no memory for another socket
}

// In datagrams. While connections are served the turns are short, so that these hardly wait for a
// flood of datagrams. UDP sockets need no shorter turns beside each other: the scheduler runs them
// in turn.
std::size_t UdpSocket::size_of_turn() {
  constexpr std::size_t beside_connections = 8;
  const bool is_alone = std::exchange(reads_before_, context_.reads) == context_.reads;
  turns_alone_ = is_alone ? turns_alone_ + 1 : 0;
  if (came_alone_ % alone_for_now != 0 && came_alone_ > alone_for_now) return 1;
  return is_alone ? DatagramBatch::capacity : beside_connections;
}

// Receives and answers without suspending. Returns an error if there was nothing.
error_code UdpSocket::echo_batch(std::size_t most) {
  error_code failed;
  const std::size_t count = context_.batch.receive(socket_.number(), most, failed);
  // Only a rate asks for the time.
  const auto now = context_.config.udp.rate > 0 ? coro::Clock::now() : coro::Clock::time_point();
  for (std::size_t index = 0; index < count; ++index)
    consider(index, now);
  send_answers();
  came_alone_ = count == 1 ? came_alone_ + 1 : 0;
  return failed;
}

void UdpSocket::consider(std::size_t index, coro::Clock::time_point now) {
  const Datagram datagram = context_.batch[index];
  ++context_.statistics.received;
  context_.statistics.bytes_received += datagram.payload.size();
  if (const auto refusal = context_.gate.refusal_of(datagram, now))
    return context_.statistics.refused(*refusal);
  try {  // without memory for a datagram its client gets no answer, and the others get theirs
    if (context_.log.logs_receive()) log_received(datagram);
    if (context_.config.faults.any_for_udp())
      faults_.answer(datagram);
    else
      answer(index, datagram);
  } catch (const std::bad_alloc&) {
    context_.statistics.refused(UdpRefusal::no_buffer);
  }
}

// Most clients of a socket are equally far away, and then no answer needs a TTL of its own. Within
// a batch the socket's stays.
void UdpSocket::answer(std::size_t index, const Datagram& datagram) {
  const bool is_first = context_.batch.answers().empty();
  const bool may_be_as_usual = datagram.asked.kind == AskedAddress::Kind::bound;
  if (is_first && may_be_as_usual && ttl_ != datagram.ttl - 1) {
    ttl_ = datagram.ttl - 1;
    set_ttl(socket_.number(), ttl_);
  }
  context_.batch.answer(index, datagram, ttl_);
}

void UdpSocket::log_received(const Datagram& datagram) {
  const boost::asio::ip::tcp::endpoint source(datagram.peer.address(), datagram.peer.port());
  context_.log.append(DatagramEvent{.time = std::chrono::system_clock::now(),
                                    .peer = peer_at(source).name,
                                    .payload = context_.log.payload(datagram.payload)});
}

// A datagram that does not go out now never does.
void UdpSocket::send_answers() {
  UdpStatistics& statistics = context_.statistics;
  for (auto left = context_.batch.answers(); !left.empty();) {
    const int sent = send(socket_.number(), left);
    for (int index = 0; index < sent; ++index)
      statistics.bytes_sent += left[static_cast<std::size_t>(index)].msg_len;
    if (sent > 0) {
      statistics.answered += static_cast<std::uint64_t>(sent);
      left = left.subspan(static_cast<std::size_t>(sent));
    } else {
      // Without room for one there is none for the others.
      const UdpRefusal refusal = refusal_by(errno);
      const std::size_t refused = refusal == UdpRefusal::no_buffer ? left.size() : 1;
      statistics.refused(refusal, refused);
      left = left.subspan(refused);
    }
  }
}

void UdpSocket::echo_what_has_arrived() {
  for (int left = most_last_batches; left > 0; --left)
    if (echo_batch(DatagramBatch::capacity)) return;
}

// The socket was readable, and yet nothing was received. Returns an error if the coroutine must
// end.
error_code UdpSocket::nothing_received(error_code error, Yield yield) {
  if (is_shut_down(socket_.number())) return error;
  if (error == error::no_memory || error == error::no_buffer_space) return pause(error, yield);
  // Another process was faster, a datagram was damaged, or the network reports about one.
  if (++turns_for_nothing_ < most_turns_for_nothing) return {};
  return pause(error, yield);
}

error_code UdpSocket::pause(error_code reason, Yield yield) {
  if (reason != error::would_block)
    context_.failing.happened("udp: cannot receive, datagrams wait: " + reason.message());
  return coro::sleep_for(yield, pause_after_error);
}

}  // namespace server
