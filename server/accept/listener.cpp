#include "server/accept/listener.hpp"

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <chrono>
#include <utility>

#include "coro/error.hpp"
#include "server/accept/accept_error.hpp"
#include "server/accept/socket_options.hpp"
#include "server/net/peer.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using coro::error_code;
using coro::Yield;

// Connections in succession, before other coroutines run.
constexpr int most_in_a_turn = 16;

}  // namespace

Listener::Listener(ListenerContext& context, ListenAddress asked, ListeningSocket socket)
    : context_(context),
      asked_(std::move(asked)),
      endpoint_(local_endpoint(socket.socket.number())),
      socket_(std::move(socket.socket)),
      file_(std::move(socket.file)),
      inherited_(socket.inherited),
      task_(context.scheduler.spawn("listener", [this](Yield yield) { run(yield); }).value()) {}

Listener::Listener(ListenerContext& context, ListenAddress asked, ListeningSocket socket,
                   coro::Descriptor accepted)
    : Listener(context, std::move(asked), std::move(socket)) {
  accepted_ = std::move(accepted);
}

bool Listener::is_for(const ListenAddress& address) const {
  return !lost() && asked_.endpoint == address.endpoint &&
         asked_.dual_stack == address.dual_stack && asked_.transport == address.transport &&
         file_.is_in_place();
}

std::string Listener::name() const {
  return (asked_.transport == Transport::tls ? "tls " : "") + to_string(endpoint_);
}

std::string_view Listener::transport() const {
  if (endpoint_.protocol().family() == AF_UNIX) return "unix";
  return asked_.transport == Transport::tls ? "tls" : "tcp";
}

ListenerState Listener::state() const {
  return {.socket = socket_.number(),
          .asked = asked_,
          .inherited = inherited_,
          .file = file_.descriptor(),
          .path = file_.path(),
          .mode = file_.mode(),
          .accepted = accepted_.number()};
}

void Listener::apply(const Config& config) {
  ::listen(socket_.number(), config.backlog);  // on a listening socket it only sets the backlog
  if (asked_.endpoint.protocol().family() != AF_UNIX) {
    apply_tcp_options(socket_.number(), config.tcp);
    if (!inherited_) share_port(socket_.number(), config.reuse_port);
  } else if (const error_code unchanged = file_.set_mode(config.unix_socket.mode)) {
    context_.log.warn({"mode_not_changed", {{"address", name()}, {"reason", unchanged.message()}}},
                      "{}: cannot change the mode of the socket: {}",
                      config.origins.where("unix.mode"), unchanged.message());
  }
}

void Listener::stop() {
  stopping_ = true;
  task_.cancel();
}

void Listener::wait_until_stopped(Yield yield) {
  while (task_.join(yield)) {
  }
}

void Listener::run(Yield yield) {
  keeps_urgent_bytes_ = keeps_urgent_bytes(socket_.number());
  trigger_ = coro::Stream::trigger_for(socket_.number());
  start_handed_over_session(yield);
  accept_until_stopped(yield);
  file_.remove();  // so that no more clients connect
  // Closing the socket would reset the clients that have connected. A socket that the service
  // manager keeps stays open.
  if (stopping_ && !inherited_) accept_who_waits(yield);
  socket_.close();
  if (stopping_) return;
  context_.log.error(
      {"not_listening", {{"transport", transport()}, {"address", to_string(endpoint_)}}},
      "no longer listening on {}: the socket was shut down", name());
  context_.changed.notify_all();
}

// Also returns when the socket has been shut down.
void Listener::accept_until_stopped(Yield yield) {
  coro::Readiness readiness(yield.scheduler(), socket_.number());
  error_code ended;
  while (!ended) {
    ended = wait_for_connection(readiness, yield);
    if (!ended) ended = accept_in_turn(yield);
    if (stopping_) return;
  }
}

error_code Listener::wait_for_connection(coro::Readiness& readiness, Yield yield) {
  const error_code error = readiness.wait_readable(yield);
  if (!error) return context_.released.wait(yield, [this] { return !is_held(); });
  if (error == error::operation_aborted) return error;
  return pause(error, yield);  // epoll has no memory for another socket
}

// While there is no room the socket is not even polled: the kernel's backlog is the queue. The
// caller has its turn meanwhile, and other listeners wait behind it.
error_code Listener::wait_for_admission(Yield yield) {
  if (context_.sessions.full()) {
    ++context_.statistics.full_waits;
    context_.full.happened();
    if (const error_code stopped = context_.sessions.wait_until_not_full(yield)) return stopped;
  }
  const auto wait = context_.rate.wait(context_.config.limits.accept_rate, coro::Clock::now());
  if (wait.count() == 0) return {};
  ++context_.statistics.accept_rate_waits;
  context_.slowed.happened();
  return coro::sleep_for(yield, wait);
}

bool Listener::is_held() const {
  return context_.held == asked_.transport && !stopping_;
}

bool Listener::may_accept() const {
  const std::uint32_t rate = context_.config.limits.accept_rate;
  return !is_held() && !context_.sessions.full() &&
         context_.rate.wait(rate, coro::Clock::now()).count() == 0;
}

// Accepts until no client waits, the limits forbid more, or another listener has its turn. Returns
// an error only if the listener must end.
error_code Listener::accept_in_turn(Yield yield) {
  error_code failed;
  {
    Turns::Place place(context_.turns);
    if (const error_code stopped = place.wait(yield)) return stopped;
    if (const error_code stopped = wait_for_admission(yield)) return stopped;
    // One at a time if other listeners wait, so that each gets its share of the room that there is.
    failed = accept_some(place.is_last() ? most_in_a_turn : 1, yield);
  }
  if (failed) return nothing_accepted(failed, yield);
  turns_for_nothing_ = 0;
  return {};
}

// Returns an error only if none was accepted.
error_code Listener::accept_some(int most, Yield yield) {
  int accepted = 0;
  error_code failed;
  for (int calls = 0; calls < most && may_accept(); ++calls) {
    const error_code error = accept_one(yield);
    if (!error) ++accepted;
    if (error) failed = error;
    if (error && !concerns_one_connection(error)) break;
  }
  return accepted > 0 ? error_code() : failed;
}

// Accepts one connection; it waits as long as there is no stack for it.
error_code Listener::accept_one(Yield yield) {
  if (!stopping_ && !context_.reserve.leaves_room(socket_.number())) return error::no_descriptors;
  coro::Endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  accepted_ = coro::Descriptor(
      ::accept4(socket_.number(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!accepted_.is_open()) {
    const error_code failed = coro::last_error();
    if (failed == error::no_descriptors) context_.reserve.count(-1);
    return failed;
  }
  context_.reserve.count(accepted_.number());
  peer.resize(size);
  if (!keeps_urgent_bytes_) keep_urgent_bytes(accepted_.number());
  context_.rate.count(context_.config.limits.accept_rate, coro::Clock::now());
  return start_session(peer, yield);
}

error_code Listener::start_session(const coro::Endpoint& peer, Yield yield) {
  while (!context_.sessions.start(accepted_, peer, asked_.transport, trigger_)) {
    if (stopping_) {
      accepted_.close();
      return coro::Error::no_stack;
    }
    static_cast<void>(coro::sleep_for(yield, pause_after_error));
  }
  return {};
}

// The other program had no memory for it. The client may have gone meanwhile.
void Listener::start_handed_over_session(Yield yield) {
  if (!accepted_.is_open()) return;
  coro::Endpoint peer;
  auto size = static_cast<socklen_t>(peer.capacity());
  if (::getpeername(accepted_.number(), peer.data(), &size) != 0) return accepted_.close();
  peer.resize(size);
  static_cast<void>(start_session(peer, yield));
}

// At most as many as the backlog holds, in case more come all the while.
void Listener::accept_who_waits(Yield yield) {
  error_code error;
  for (int left = context_.config.backlog; left >= 0 && may_accept(); --left)
    if ((error = accept_one(yield)) && !concerns_one_connection(error)) return;
}

// The socket was readable, and yet accept(2) failed. Returns an error if the listener must end.
error_code Listener::nothing_accepted(error_code error, Yield yield) {
  if (stopping_ || is_shut_down(socket_.number())) return error;
  if (error != error::would_block) return pause(error, yield);
  if (++turns_for_nothing_ < most_turns_for_nothing) return {};
  return coro::sleep_for(yield, pause_after_error);
}

error_code Listener::pause(error_code reason, Yield yield) {
  ++context_.statistics.accept_pauses;
  context_.failing.happened(why_connections_wait(reason));
  return coro::sleep_for(yield, pause_after_error);
}

}  // namespace server
