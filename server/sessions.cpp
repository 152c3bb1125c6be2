#include "server/sessions.hpp"

#include <new>
#include <utility>

namespace server {

Sessions::Sessions(coro::Scheduler& scheduler, const Config& config, EventLog& log,
                   Statistics& statistics)
    : scheduler_(scheduler),
      scratch_(scratch_size),
      refused_by_address_(scheduler, log, "limits.max_connections_per_ip: connection refused"),
      no_stack_(scheduler, log, "a connection waits: no memory for its coroutine"),
      context_{.config = config,
               .log = log,
               .statistics = statistics,
               .reaper = reaper_,
               .addresses = addresses_,
               .refused_by_address = refused_by_address_,
               .ended = ended_,
               .scratch = scratch_} {
  configuration_changed();
  reaper_task_ =
      scheduler.spawn("reaper", [this](coro::Yield yield) { reaper_.run(yield); }).value();
}

bool Sessions::start(coro::Descriptor& socket, const coro::Endpoint& peer) try {
  struct Body {
    void operator()(coro::Yield yield) {
      sessions->serve(std::move(socket), number, std::move(peer), yield);
    }
    Sessions* sessions;
    std::uint64_t number;
    Peer peer;
    coro::Descriptor socket;
  };
  Body body{this, last_number_ + 1, peer_at(peer), std::move(socket)};
  if (!scheduler_.spawn("session", std::move(body))) {
    socket = std::move(body.socket);  // NOLINT(bugprone-use-after-move): moved from on success only
    no_stack_.happened();
    return false;
  }
  ++last_number_;
  context_.statistics.began();  // before the coroutine runs, so that full() knows of it
  return true;
} catch (const std::bad_alloc&) {
  no_stack_.happened();
  return false;
}

void Sessions::serve(coro::Descriptor socket, std::uint64_t number, Peer peer, coro::Yield yield) {
  Session session(context_, std::move(socket), yield);
  sessions_.push_back(session);
  session.run(number, std::move(peer), yield);
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
    session.stage_changed();
}

void Sessions::configuration_changed() {
  const LimitsConfig& limits = context_.config.limits;
  reaper_.set_timeouts(limits.idle_timeout, limits.write_timeout);
  ended_.notify_all();  // max_connections may be larger now
}

void Sessions::close() {
  reaper_task_.cancel();
  refused_by_address_.close();
  no_stack_.close();
}

}  // namespace server
