#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coro/task.hpp"
#include "coro/yield.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_protocol.hpp"
#include "server/session/client_log.hpp"
#include "server/session/connection.hpp"
#include "server/session/delivery.hpp"
#include "server/session/faults.hpp"
#include "server/session/reaper.hpp"
#include "server/session/session_context.hpp"
#include "server/status/ending.hpp"

namespace server {

/// Whether a client speaks TLS, which depends on the port.
enum class Transport { plain, tls };

/// One client, from accept to close. It lives on the stack of its own coroutine. `Sessions::start`
/// counts its beginning (Statistics::began), so that the limit holds before the coroutine has run;
/// the session counts its own end.
class Session : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Session(SessionContext& context, coro::Descriptor socket, Transport transport, coro::Yield yield);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  /// Serves the client until it or the service ends the connection, and closes the socket. The
  /// number names the client in the log.
  void run(std::uint64_t number, Peer peer, coro::Yield yield);

  /// To be called after the stage has changed: the session may be suspended in a wait that does not
  /// matter any more.
  void stage_changed() { task_.cancel(); }

  /// Looks once whether the client takes what it is sent, and cancels the session if the client has
  /// stalled (limits.write_timeout). Returns whether the client is owed anything: bytes that the
  /// kernel has not taken, or that the client has not acknowledged.
  bool look_at_delivery();

 private:
  // In the order of the story. An Ending that is returned is why the connection ends; none means
  // that it goes on.
  bool refuses(const ProxyHeader& header, const Peer& peer);
  Ending serve(const Peer& peer, std::string first, coro::Yield yield);
  std::optional<Ending> encrypt(std::string first, coro::Yield yield);
  Ending echo(coro::Yield yield);
  std::optional<Ending> answer(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> answer_with_faults(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> write_all(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> write_rest(const std::string& rest, coro::Yield yield);
  Ending answer_arrived(Ending ending, std::string_view bytes, coro::Yield yield);
  Ending close(Ending ending, coro::Yield yield);
  Ending end_by(coro::error_code error);

  std::optional<Ending> why_aborted() const;
  void count_received(std::size_t size);
  void count_sent(std::size_t size);

  // `failed` until close() has returned: an exception is the only other way out.
  Ending ending_ = Ending::failed;
  coro::Task task_;  // the coroutine that runs this session, which others cancel
  // From here on in the order that an echo uses them: members that lie together come into the
  // cache together.
  Reaper::Entry silence_;  // how long the client has sent nothing (limits.idle_timeout)
  SessionContext& context_;
  // Empty once close() has closed the connection: the log line waits for that, so the stream ends
  // before the session.
  std::optional<Connection> stream_;
  std::unique_ptr<Faults> faults_;  // null unless `faults` are configured
  SessionTotals totals_;            // run() sets the duration at the end
  std::optional<ClientLog> log_;    // none before the PROXY header has named the client
  Delivery delivery_;       // whether the client takes what it is sent (limits.write_timeout)
  std::size_t unsent_ = 0;  // bytes of the echo that the kernel has not taken yet
  Transport transport_;     // which the client must speak
  std::string detail_;      // why it has ended, behind the ending in the log
};

}  // namespace server
