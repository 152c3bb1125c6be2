#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "coro/condition.hpp"
#include "coro/stream.hpp"
#include "coro/task.hpp"
#include "coro/yield.hpp"
#include "server/config/config.hpp"
#include "server/log/notice.hpp"
#include "server/net/peer.hpp"
#include "server/proxy/proxy_greeting.hpp"
#include "server/session/address_limit.hpp"
#include "server/session/client_log.hpp"
#include "server/session/delivery.hpp"
#include "server/session/faults.hpp"
#include "server/session/reaper.hpp"
#include "server/status/ending.hpp"
#include "server/status/statistics.hpp"

namespace server {

/// What the service wants of its sessions.
enum class Stage {
  serving,   ///< echo
  draining,  ///< echo what has been received, then say goodbye
  aborting   ///< leave now
};

/// What all sessions share. It outlives them.
struct SessionContext {
  const Config& config;  ///< its values change when the service reloads
  EventLog& log;
  Statistics& statistics;
  Reaper& reaper;
  AddressLimit& addresses;
  Notice& refused_by_address;
  coro::Condition& ended;  ///< notified when a session has ended
  /// Where every session reads into. One is enough, since bytes stay there only until the session
  /// suspends; and since there is only one, it can be large.
  std::span<char> scratch;
  Stage stage = Stage::serving;
};

/// One client, from accept to close. It lives on the stack of its own coroutine. Who accepts it
/// counts it (Statistics::began); it counts its own end.
class Session : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Session(SessionContext& context, coro::Descriptor socket, coro::Yield yield);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) = delete;
  Session& operator=(Session&&) = delete;

  /// Serves the client until it or the service ends the connection, and closes the socket.
  void run(std::uint64_t number, Peer peer, coro::Yield yield);

  /// To be called after the stage has changed, since the session may wait for what does not matter
  /// any more.
  void stage_changed() { task_.cancel(); }

  /// One look at whether the client takes what it is sent; it ends if it has stalled
  /// (limits.write_timeout). Returns whether it is owed anything.
  bool look_at_delivery();

 private:
  using Greeting = boost::system::result<ProxyGreeting, std::string>;

  Greeting greeting(const Peer& peer, coro::Yield yield);
  Ending serve(const Peer& peer, std::string_view first, coro::Yield yield);
  Ending echo(coro::Yield yield);
  std::optional<Ending> answer(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> send(std::string_view bytes, coro::Yield yield);
  std::optional<Ending> send_rest(const std::string& rest, coro::Yield yield);
  Ending answer_arrived(Ending ending, coro::Yield yield);
  std::optional<Ending> why_aborted() const;
  Ending close(Ending ending, coro::Yield yield);
  bool gives_up() const;
  bool linger(coro::Yield yield);
  bool discard_until_closed(coro::Yield yield);
  bool deliver(coro::Clock::time_point until, coro::Yield yield);

  Ending ending_ = Ending::failed;
  coro::Task task_;
  // From here on in the order that an echo uses them: what lies together is fetched together.
  Reaper::Entry waiting_;
  SessionContext& context_;
  std::optional<coro::Stream> stream_;  // none once it is closed
  std::unique_ptr<Faults> faults_;
  SessionTotals totals_;  // its duration is set at the end
  std::optional<ClientLog> log_;
  Delivery delivery_;
  std::size_t unsent_ = 0;  // bytes of the echo that the kernel has not taken yet
};

}  // namespace server
