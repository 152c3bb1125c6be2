#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <vector>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/scheduler.hpp"
#include "server/session/beginning.hpp"
#include "server/session/session.hpp"

namespace server {

/// All sessions of the service, and what they share.
class Sessions {
 public:
  /// Bytes that a session reads at once.
  static constexpr std::size_t scratch_size = std::size_t{256} * 1024;

  Sessions(coro::Scheduler& scheduler, const Config& config, EventLog& log, Statistics& statistics);

  /// Gives the connection a coroutine, or closes it if `access` refuses the client. Returns false
  /// if there is no memory for a coroutine; the socket then stays the caller's.
  /// `trigger`: as for coro::Stream.
  bool start(coro::Descriptor& socket, const coro::Endpoint& peer, Transport transport,
             coro::Trigger trigger);

  /// Clients that begin TLS from now on meet this; those that have begun go on.
  void use(const coro::TlsContext& tls) { context_.tls = tls; }

  std::size_t active() const { return context_.statistics.active; }
  /// Whether limits.max_connections is reached.
  bool full() const;

  /// Suspends until there is room for another session, or the caller is cancelled.
  coro::error_code wait_until_not_full(coro::Yield yield);
  /// Suspends until no session is left, or the caller is cancelled.
  coro::error_code wait_until_none(coro::Yield yield);

  /// Each session echoes what it has received, says goodbye and ends.
  void drain() { enter(Stage::draining); }
  /// Each session ends at once.
  void abort() { enter(Stage::aborting); }

  /// The same, but only for sessions that speak TLS, or are about to; also for those that begin
  /// later.
  void drain_tls() { enter_tls(Stage::draining); }
  void abort_tls() { enter_tls(Stage::aborting); }
  /// Sessions that begin from now on may speak TLS again.
  void go_on_with_tls() { context_.tls_stage = Stage::serving; }
  /// Sessions that speak TLS, or are about to.
  std::size_t speaking_tls() const { return context_.speak_tls; }
  /// Suspends until no session speaks TLS, or the caller is cancelled.
  coro::error_code wait_until_no_tls(coro::Yield yield);

  /// All sessions that do not speak TLS, as another program needs them to go on; those that have
  /// waited longest for their clients are first. The sessions notice nothing of it. Throws
  /// std::bad_alloc.
  std::vector<SessionState> state() const;
  /// Goes on with a session of another program, which Statistics counts already. Call it in the
  /// order of state(). Suspends as long as there is no memory for a coroutine; if the caller is
  /// cancelled then, the connection is closed. If the socket is no connection, that is logged and
  /// the socket closed.
  void adopt(SessionState state, coro::Yield yield);

  /// The number of the client that connected last.
  std::uint64_t last_number() const { return last_number_; }
  void set_last_number(std::uint64_t number) { last_number_ = number; }

  /// The configuration has new values: limits hold from now on, also for sessions that exist.
  void configuration_changed();

  /// Ends the reaper and the look at the deliveries. No session may be started after that.
  void close();

 private:
  void enter(Stage stage);
  void enter_tls(Stage stage);
  bool spawn(coro::Descriptor& socket, Transport transport, coro::Trigger trigger,
             SessionState& state);
  void watch_deliveries(coro::Yield yield);
  coro::error_code wait_for_next_look(coro::Yield yield);
  void look_at_deliveries(coro::Yield yield);
  bool refuses(const Peer& peer);
  void close_refused(coro::Descriptor& socket);
  void serve(Beginning& beginning, coro::Yield yield);

  coro::Scheduler& scheduler_;
  std::vector<char> scratch_;  // sessions read into it; it is large, and there is one for all
  Reaper reaper_;
  coro::Task reaper_task_;    // both tasks run for as long as the service, and close() ends them
  coro::Task delivery_task_;  // looks at which clients take what they are sent
  coro::Condition write_timeout_changed_;
  // If no client was owed anything at the last look and nothing has been sent since, there is
  // nothing to look at: ten thousand idle sessions cost one comparison.
  std::uint64_t sent_at_last_look_ = 0;
  bool owed_at_last_look_ = false;
  Admission admission_;
  AddressLimit addresses_;
  Notice refused_by_address_;
  Notice no_stack_;
  coro::Condition ended_;  // a session has ended, so there may be room for another
  SessionContext context_;
  Beginning::List beginning_;  // counted as active, and not yet in sessions_
  boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>> sessions_;
  // The number names a client in the log, and is never used again.
  std::uint64_t last_number_ = 0;
};

}  // namespace server
