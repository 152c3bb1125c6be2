#include "server/listener.hpp"

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "coro/error.hpp"

namespace server {
namespace {

namespace error = boost::asio::error;
using coro::error_code;
using coro::Yield;

constexpr std::chrono::milliseconds pause_without_resources{100};

// accept(2): what says that the system is short of something, not that this one connection failed.
bool out_of_resources(error_code error) {
  return error.value() == EMFILE || error.value() == ENFILE || error.value() == ENOBUFS ||
         error.value() == ENOMEM;
}

// accept(2) without blocking; no descriptor if there is an error.
coro::Descriptor accept(const coro::Descriptor& listening, coro::Endpoint& peer,
                        error_code& error) {
  auto size = static_cast<socklen_t>(peer.capacity());
  coro::Descriptor socket(
      ::accept4(listening.number(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) {
    peer.resize(size);
  } else {
    error = coro::last_error();
  }
  return socket;
}

// Asio binds; from then on the scheduler's own epoll watches, which costs a connection less.
coro::Descriptor taken_from(coro::Acceptor acceptor) {
  acceptor.non_blocking(true);
  return coro::Descriptor(acceptor.release());
}

}  // namespace

Listener::Listener(coro::Scheduler& scheduler, ListenerContext& context, coro::Endpoint asked,
                   ListeningSocket socket)
    : context_(context),
      asked_(std::move(asked)),
      endpoint_(socket.acceptor.local_endpoint()),
      socket_(taken_from(std::move(socket.acceptor))),
      file_(std::move(socket.file)),
      inherited_(socket.inherited),
      task_(scheduler.spawn("listener", [this](Yield yield) { run(yield); }).value()) {}

void Listener::apply(const Config& config) {
  ::listen(socket_.number(), config.backlog);  // on a listening socket it only sets the backlog
  if (asked_.protocol().family() != AF_UNIX) apply_tcp_options(socket_.number(), config.tcp);
}

void Listener::run(Yield yield) {
  keeps_urgent_bytes_ = keeps_urgent_bytes(socket_.number());
  accept_until_stopped(yield);
  // Who has connected before the socket closes is served; closing it would reset them. One that the
  // service manager keeps is not closed by closing it here.
  if (!inherited_) static_cast<void>(accept_all(yield));
  socket_.close();
}

void Listener::accept_until_stopped(Yield yield) {
  coro::Readiness readiness(yield.scheduler(), socket_.number());
  error_code stopped;
  while (!stopped) {
    stopped = wait_for_admission(yield);
    if (!stopped) stopped = wait_for_connection(readiness, yield);
    if (!stopped) stopped = accept_all(yield);
  }
}

error_code Listener::wait_for_connection(coro::Readiness& readiness, Yield yield) {
  const error_code failed = readiness.wait_readable(yield);
  if (!failed || failed == error::operation_aborted) return failed;
  return pause(failed, yield);  // the system has no room for another watch
}

// While there is no room the socket is not even polled: the kernel's backlog is the queue.
error_code Listener::wait_for_admission(Yield yield) {
  if (context_.sessions.full()) {
    context_.full.happened();
    if (const error_code stopped = context_.sessions.wait_until_not_full(yield)) return stopped;
  }
  const auto wait = context_.rate.wait(context_.config.limits.accept_rate, coro::Clock::now());
  if (wait.count() == 0) return {};
  context_.slowed.happened();
  return coro::sleep_for(yield, wait);
}

// Accepts until nobody waits or the limits say no. An error only if the listener is to stop.
error_code Listener::accept_all(Yield yield) {
  const std::uint32_t rate = context_.config.limits.accept_rate;
  while (!context_.sessions.full()) {
    const auto now = coro::Clock::now();
    if (context_.rate.wait(rate, now).count() > 0) break;

    coro::Endpoint peer;
    error_code accept_error;
    coro::Descriptor socket = accept(socket_, peer, accept_error);
    if (accept_error == error::would_block) break;
    if (out_of_resources(accept_error)) return pause(accept_error, yield);
    if (accept_error) continue;  // this one connection failed before it was accepted
    if (!keeps_urgent_bytes_) keep_urgent_bytes(socket.number());
    context_.rate.count(rate, now);
    context_.sessions.start(std::move(socket), peer, yield);
  }
  return {};
}

error_code Listener::pause(error_code reason, Yield yield) {
  ++context_.statistics.accept_pauses;
  (reason.value() == EMFILE || reason.value() == ENFILE ? context_.no_descriptors
                                                        : context_.no_memory)
      .happened();
  return coro::sleep_for(yield, pause_without_resources);
}

}  // namespace server
