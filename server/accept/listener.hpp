#pragma once

#include <optional>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"
#include "server/accept/accept_rate.hpp"
#include "server/accept/descriptor_reserve.hpp"
#include "server/accept/listener_state.hpp"
#include "server/accept/listening.hpp"
#include "server/config/config.hpp"
#include "server/log/notice.hpp"
#include "server/session/sessions.hpp"
#include "server/session/turns.hpp"

namespace server {

/// All that listeners share. It belongs to Listeners and outlives each of them.
struct ListenerContext {
  coro::Scheduler& scheduler;
  const Config& config;
  EventLog& log;
  Statistics& statistics;
  Sessions& sessions;
  coro::Condition& changed;  // notified when a listener has lost its socket
  AcceptRate rate = {};
  DescriptorReserve reserve = {};
  Turns turns = {};  // to accept, where there is not room for all
  // Clients of this transport wait in the kernel's backlog, while an upgrade ends those before
  // them.
  std::optional<Transport> held = {};
  coro::Condition released = {};  // notified when nobody is held any more
  Notice full{scheduler, log, "full", "limits.max_connections: full, further connections wait"};
  Notice slowed{scheduler, log, "accept_rate", "limits.accept_rate: further connections wait"};
  Notice failing{scheduler, log, "accept_failed", "cannot accept, connections wait"};
};

/// Accepts connections on one socket and starts a session for each, in a coroutine of its own.
class Listener {
 public:
  /// Begins to accept. Throws boost::system::system_error if there is no memory for the coroutine.
  Listener(ListenerContext& context, ListenAddress asked, ListeningSocket socket);
  /// Goes on where another program has stopped. `accepted`: the connection that has no session yet
  /// (ListenerState), if there is one.
  Listener(ListenerContext& context, ListenAddress asked, ListeningSocket socket,
           coro::Descriptor accepted);
  /// It must have stopped.
  ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&&) = delete;
  Listener& operator=(Listener&&) = delete;

  /// The next time that the scheduler runs it, whatever the system is short of, it accepts the
  /// clients that have connected, unless the socket is inherited, and closes the socket.
  void stop();
  /// Suspends until it has, also if the caller is cancelled meanwhile.
  void wait_until_stopped(coro::Yield yield);

  /// Another process has shut the socket down: it is closed, and the listener has stopped.
  bool lost() const { return task_.done(); }

  /// Whether listening anew on that address would make no difference.
  bool is_for(const ListenAddress& address) const;
  /// The socket; it may be closed as soon as a coroutine has run.
  int descriptor() const { return socket_.number(); }
  /// The service manager keeps the socket.
  bool is_inherited() const { return inherited_; }
  /// For a line of text: "tls ADDRESS:PORT" for TLS, otherwise the address alone.
  std::string name() const;
  /// For JSON: "tcp", "tls" or "unix".
  std::string_view transport() const;
  /// All that another program needs to go on, of a listener that is not lost().
  ListenerState state() const;
  /// The address that the socket is bound to.
  const coro::Endpoint& endpoint() const { return endpoint_; }

  /// Puts the settings in force that can change while it listens. Throws
  /// boost::system::system_error.
  void apply(const Config& config);

 private:
  // In the order of the story. An error of wait_for_connection() or accept_in_turn() ends it.
  void run(coro::Yield yield);
  void accept_until_stopped(coro::Yield yield);
  coro::error_code wait_for_connection(coro::Readiness& readiness, coro::Yield yield);
  coro::error_code wait_for_admission(coro::Yield yield);
  coro::error_code accept_in_turn(coro::Yield yield);
  coro::error_code accept_some(int most, coro::Yield yield);
  coro::error_code accept_one(coro::Yield yield);
  coro::error_code start_session(const coro::Endpoint& peer, coro::Yield yield);
  void start_handed_over_session(coro::Yield yield);
  void accept_who_waits(coro::Yield yield);
  bool is_held() const;
  bool may_accept() const;
  coro::error_code nothing_accepted(coro::error_code error, coro::Yield yield);
  coro::error_code pause(coro::error_code reason, coro::Yield yield);

  ListenerContext& context_;
  ListenAddress asked_;      // as configured: is_for() compares a new configuration with it
  coro::Endpoint endpoint_;  // as bound
  coro::Descriptor socket_;
  SocketFile file_;
  // Accepted, and without a session as long as there is no memory for one: a member, so that
  // state() finds it.
  coro::Descriptor accepted_;
  bool inherited_;
  bool keeps_urgent_bytes_ = false;               // for the connections that it accepts
  coro::Trigger trigger_ = coro::Trigger::level;  // for these, too
  bool stopping_ = false;
  int turns_for_nothing_ = 0;  // in succession, up to most_turns_for_nothing
  coro::Task task_;
};

}  // namespace server
