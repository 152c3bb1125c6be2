#pragma once

#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"
#include "server/accept_rate.hpp"
#include "server/config.hpp"
#include "server/listening.hpp"
#include "server/notice.hpp"
#include "server/sessions.hpp"

namespace server {

/// What all listeners share. It outlives them.
struct ListenerContext {
  const Config& config;
  Statistics& statistics;
  Sessions& sessions;
  AcceptRate& rate;
  Notice& full;
  Notice& slowed;
  Notice& no_descriptors;
  Notice& no_memory;
};

/// Accepts connections on one socket and starts a session for each, in a coroutine of its own.
class Listener {
 public:
  /// Begins to accept. Throws boost::system::system_error if there is no memory for the coroutine.
  Listener(coro::Scheduler& scheduler, ListenerContext& context, coro::Endpoint asked,
           ListeningSocket socket);
  /// It must have stopped.
  ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&&) = delete;
  Listener& operator=(Listener&&) = delete;

  /// Accepts what has connected by now, unless the socket is inherited, then closes the socket.
  void stop() { task_.cancel(); }
  coro::error_code wait_until_stopped(coro::Yield yield) { return task_.join(yield); }

  /// The address as configured: its port may be 0, for a free one.
  const coro::Endpoint& asked() const { return asked_; }
  /// The address as it is.
  const coro::Endpoint& endpoint() const { return endpoint_; }

  /// The configuration has new values for what can change while it listens.
  void apply(const Config& config);

 private:
  void run(coro::Yield yield);
  void accept_until_stopped(coro::Yield yield);
  coro::error_code wait_for_connection(coro::Readiness& readiness, coro::Yield yield);
  coro::error_code wait_for_admission(coro::Yield yield);
  coro::error_code accept_all(coro::Yield yield);
  coro::error_code pause(coro::error_code reason, coro::Yield yield);

  ListenerContext& context_;
  coro::Endpoint asked_;
  coro::Endpoint endpoint_;
  coro::Descriptor socket_;
  SocketFile file_;
  bool inherited_;
  bool keeps_urgent_bytes_ = false;  // for the connections that it accepts
  coro::Task task_;
};

}  // namespace server
