#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coro/connection.hpp"
#include "coro/task.hpp"
#include "coro/yield.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_protocol.hpp"
#include "server/session/client_log.hpp"
#include "server/session/delivery.hpp"
#include "server/session/faults.hpp"
#include "server/session/reaper.hpp"
#include "server/session/session_context.hpp"
#include "server/session/session_state.hpp"
#include "server/session/transport.hpp"
#include "server/status/ending.hpp"

namespace server {

/// One client, from accept to close. It lives on the stack of its own coroutine. `Sessions::start`
/// counts its beginning (Statistics::began), so that the limit holds before the coroutine has run;
/// the session counts its own end.
///
/// Another program can go on with it (state()). Its state lies in members and in locals of its
/// coroutine; members refer to those locals while it is suspended.
class Session : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Session(SessionContext& context, coro::Descriptor socket, Transport transport,
          coro::Trigger trigger, coro::Yield yield);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  /// Serves the client until it or the service ends the connection, and closes the socket. The
  /// state is of a client that has just connected, or that another program has served until now. It
  /// is on the heap, and freed before the echo begins: a session's stack is one page.
  void run(std::unique_ptr<SessionState> state, coro::Yield yield);

  /// The orders have changed. The session may be suspended in a wait that does not matter any more.
  void enter(Stage stage) {
    if (stage <= stage_) return;
    stage_ = stage;
    task_.cancel();
  }

  Transport transport() const { return transport_; }
  /// The state for another program; only of a session that does not speak TLS, between two of its
  /// turns. Throws std::bad_alloc.
  SessionState state() const;
  /// Since when the client has sent nothing, if the session waits for that and
  /// limits.idle_timeout is set.
  std::optional<coro::Clock::time_point> silent_since() const;

  /// Looks once whether the client takes what it is sent, and cancels the session if the client has
  /// stalled (limits.write_timeout). Returns whether the client is owed anything: bytes that the
  /// kernel has not taken, or that the client has not acknowledged.
  bool look_at_delivery();

 private:
  // In the order of the story. An Ending that is returned is why the connection ends; none means
  // that the connection goes on.
  Ending begin(std::unique_ptr<SessionState> state, coro::Yield yield);
  bool refuses(const ProxyHeader& header);
  Ending serve(std::string first, coro::Yield yield);
  AddressLimit::Place place(std::size_t most);
  std::optional<Ending> encrypt(std::string first, coro::Yield yield);
  Ending echo(coro::Yield yield);
  std::optional<Ending> answer(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> answer_with_faults(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> write_all(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> write_rest(const std::string& rest, coro::Yield yield);
  Ending answer_arrived(Ending ending, std::string_view bytes, coro::Yield yield);
  Ending end_by(coro::error_code error);
  Ending close(Ending ending, coro::Yield yield);
  bool say_goodbye(Ending ending, coro::Yield yield);

  // The story of a session that another program has begun; in session_state.cpp.
  ClientLog log_of(const SessionState& state) const;
  Ending go_on(std::unique_ptr<SessionState> state, coro::Yield yield);
  std::optional<Ending> send_unsent(const SessionState& state, coro::Yield yield);

  std::optional<Ending> why_aborted() const;
  void count_received(std::size_t size);
  void count_sent(std::size_t size);

  // `failed` until close() has returned: an exception is the only other way out.
  Ending ending_ = Ending::failed;
  // The ending, while the last bytes are still sent and the goodbye is said: for state().
  std::optional<Ending> decided_;
  coro::Task task_;           // the coroutine that runs this session, which others cancel
  std::uint64_t number_ = 0;  // names the client in the log
  coro::Clock::time_point connected_;
  Peer peer_;  // the client, or a proxy that has not named the client
  // The bytes of a PROXY header that have come so far, for state(); null once it is complete.
  const std::string* greeting_ = nullptr;
  // From here on in the order that an echo uses them: members that lie together come into the
  // cache together.
  Reaper::Entry silence_;  // how long the client has sent nothing (limits.idle_timeout)
  SessionContext& context_;
  // Empty once close() has closed the connection: the log line waits for that, so the stream ends
  // before the session.
  std::optional<coro::Connection> stream_;
  std::unique_ptr<Faults> faults_;  // null unless `faults` are configured
  SessionTotals totals_;            // run() sets the duration at the end
  std::optional<ClientLog> log_;    // none before the PROXY header has named the client
  Delivery delivery_;        // whether the client takes what it is sent (limits.write_timeout)
  std::string_view unsent_;  // bytes of the echo that the kernel has not taken yet
  Stage stage_;              // the orders of the service
  Transport transport_;      // which the client must speak
  std::string detail_;       // stands behind the ending in the log, such as ": reset_probability"
  std::optional<coro::Clock::time_point> goodbye_until_;  // once the goodbye has begun
};

}  // namespace server
