#include "server/session/sessions.hpp"

#include <sys/socket.h>

#include <chrono>
#include <new>
#include <utility>

#include "coro/time_limit.hpp"
#include "server/session/coroutine_names.hpp"

namespace server {
namespace {

// Sessions looks at so many clients before other coroutines have their turn.
constexpr std::size_t looks_in_a_turn = 64;

// An acknowledgement comes at most this late: a lost segment is sent again after a second
// (RFC 6298).
constexpr std::chrono::milliseconds latest_acknowledgement{1000};

}  // namespace

Sessions::Sessions(coro::Scheduler& scheduler, const Config& config, EventLog& log,
                   Statistics& statistics)
    : scheduler_(scheduler),
      scratch_(scratch_size),
      admission_(scheduler, config, log),
      refused_by_address_(scheduler, log, "limit",
                          "limits.max_connections_per_ip: connection refused"),
      no_stack_(scheduler, log, "no_memory", "a connection waits: no memory for its coroutine"),
      context_{.config = config,
               .log = log,
               .statistics = statistics,
               .reaper = reaper_,
               .admission = admission_,
               .addresses = addresses_,
               .refused_by_address = refused_by_address_,
               .ended = ended_,
               .scratch = scratch_} {
  configuration_changed();
  reaper_task_ =
      scheduler.spawn("reaper", [this](coro::Yield yield) { reaper_.run(yield); }).value();
  delivery_task_ =
      scheduler.spawn("delivery", [this](coro::Yield yield) { watch_deliveries(yield); }).value();
}

bool Sessions::start(coro::Descriptor& socket, const coro::Endpoint& peer, Transport transport,
                     coro::Trigger trigger) try {
  Peer from = peer_at(peer);
  if (refuses(from)) {
    close_refused(socket);
    return true;
  }
  SessionState state{.socket = socket.number(),
                     .number = last_number_ + 1,
                     .peer = std::move(from),
                     .connected = coro::Clock::now(),
                     .greeting = ""};
  if (!spawn(socket, transport, trigger, state)) return false;
  ++last_number_;
  context_.statistics.began();  // before the coroutine runs, so that full() knows of it
  if (transport == Transport::tls) ++context_.speak_tls;
  return true;
} catch (const std::bad_alloc&) {
  no_stack_.happened();
  return false;
}

// Returns false if there is no memory for a coroutine; socket and state then stay the caller's. A
// struct and not a lambda, so that they can be taken back.
bool Sessions::spawn(coro::Descriptor& socket, Transport transport, coro::Trigger trigger,
                     SessionState& state) try {
  struct Body {
    void operator()(coro::Yield yield) { sessions->serve(beginning, yield); }
    Sessions* sessions;
    Beginning beginning;
  };
  Body body{this, Beginning(beginning_, transport, trigger, std::make_unique<SessionState>())};
  body.beginning.socket = std::move(socket);
  *body.beginning.state = std::move(state);
  if (scheduler_.spawn(session_coroutine, std::move(body))) return true;
  // NOLINTBEGIN(bugprone-use-after-move): moved from on success only
  socket = std::move(body.beginning.socket);
  state = std::move(*body.beginning.state);
  // NOLINTEND(bugprone-use-after-move)
  no_stack_.happened();
  return false;
} catch (const std::bad_alloc&) {
  no_stack_.happened();
  return false;
}

// Behind a proxy, the connection is the proxy's. The session reads which client it is for.
bool Sessions::refuses(const Peer& peer) {
  return context_.config.proxy_protocol == ProxyProtocol::off && !admission_.admits(peer);
}

// Bytes that are not read would turn the close into a reset.
void Sessions::close_refused(coro::Descriptor& socket) {
  static_cast<void>(
      ::recv(socket.number(), scratch_.data(), scratch_.size(), MSG_DONTWAIT | MSG_TRUNC));
  socket.close();
  context_.statistics.refused(Ending::not_allowed);
}

// The session lives on its coroutine's stack. The list is for those who end or look at all of them;
// a session leaves it by itself.
void Sessions::serve(Beginning& beginning, coro::Yield yield) {
  beginning.unlink();
  Session session(context_, std::move(beginning.socket), beginning.transport, beginning.trigger,
                  yield);
  sessions_.push_back(session);
  session.run(std::move(beginning.state), yield);
}

bool Sessions::full() const {
  const std::size_t most = context_.config.limits.max_connections;
  return most != 0 && active() >= most;
}

coro::error_code Sessions::wait_until_not_full(coro::Yield yield) {
  return ended_.wait(yield, [this] { return !full(); });
}

coro::error_code Sessions::wait_until_none(coro::Yield yield) {
  return ended_.wait(yield, [this] { return active() == 0; });
}

void Sessions::enter(Stage stage) {
  if (stage <= context_.stage) return;  // there is no way back
  context_.stage = stage;
  for (Session& session : sessions_)
    session.enter(stage);
}

// A session that has not begun finds the stage when it does.
void Sessions::enter_tls(Stage stage) {
  context_.tls_stage = stage;
  for (Session& session : sessions_)
    if (session.transport() == Transport::tls) session.enter(stage);
}

coro::error_code Sessions::wait_until_no_tls(coro::Yield yield) {
  return ended_.wait(yield, [this] { return context_.speak_tls == 0; });
}

void Sessions::configuration_changed() {
  reaper_.set_timeout(context_.config.limits.idle_timeout);
  write_timeout_changed_.notify_all();
  ended_.notify_all();  // max_connections may be larger now
}

// Ends clients that do not take their echo (limits.write_timeout).
void Sessions::watch_deliveries(coro::Yield yield) {
  while (!wait_for_next_look(yield))
    look_at_deliveries(yield);
}

// An error only if the coroutine is to end.
coro::error_code Sessions::wait_for_next_look(coro::Yield yield) {
  for (;;) {
    const auto timeout = context_.config.limits.write_timeout;
    if (timeout.count() == 0) {
      if (const coro::error_code cancelled = write_timeout_changed_.wait(yield)) return cancelled;
      continue;
    }
    const coro::TimeLimit interval(yield, (timeout + latest_acknowledgement) / Delivery::patience);
    const coro::error_code aborted = write_timeout_changed_.wait(yield);
    if (interval.expired()) return {};
    if (aborted) return aborted;
  }
}

// Each session goes to the end of the list as it is looked at, so that others may begin and end
// between two turns. Most are idle and cost a look into memory.
void Sessions::look_at_deliveries(coro::Yield yield) {
  const std::uint64_t sent = context_.statistics.bytes_sent;
  if (!owed_at_last_look_ && sent == sent_at_last_look_) return;
  sent_at_last_look_ = sent;
  owed_at_last_look_ = false;
  for (std::size_t left = active(); left > 0 && !sessions_.empty(); --left) {
    Session& session = sessions_.front();
    sessions_.pop_front();
    sessions_.push_back(session);
    if (session.look_at_delivery()) owed_at_last_look_ = true;
    if (left % looks_in_a_turn == 0) yield.now();
  }
}

void Sessions::close() {
  reaper_task_.cancel();
  delivery_task_.cancel();
  admission_.close();
  refused_by_address_.close();
  no_stack_.close();
}

}  // namespace server
