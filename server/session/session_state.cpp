// The part of a session that lets another program go on with it: the state at each place where it
// is suspended, and the way on from there.
#include "server/session/session_state.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "server/session/sessions.hpp"
#include "server/session/when_there_is_memory.hpp"

namespace server {
namespace {

using coro::Clock;
using coro::Yield;

constexpr std::chrono::milliseconds between_attempts_to_adopt{100};

int option_of(int socket, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

// Not whether it is connected still: the session finds out how the connection has ended.
bool is_connection(int socket) {
  return option_of(socket, SO_TYPE) == SOCK_STREAM && option_of(socket, SO_ACCEPTCONN) == 0;
}

}  // namespace

// A session that is suspended while it sends does not wait for its client.
std::optional<Clock::time_point> Session::silent_since() const {
  const bool sends = decided_ || !unsent_.empty() || (faults_ && !faults_->held_back().empty());
  return sends ? std::nullopt : silence_.since(context_.reaper);
}

SessionState Session::state() const {
  SessionState state{
      .socket = stream_->descriptor(), .number = number_, .peer = peer_, .connected = connected_};
  if (greeting_ != nullptr) {
    state.greeting = *greeting_;
    return state;
  }
  state.introduced = log_->introduced();
  state.connected_at = log_->connected_at();
  state.totals = totals_;
  state.silent_since = silent_since();
  state.unsent = unsent_;
  if (delivery_.state().without_progress > 0) state.delivery = delivery_.state();
  state.ending = decided_;
  state.detail = detail_;
  state.goodbye_until = goodbye_until_;
  if (faults_) {
    state.faults = faults_->state();
    if (!faults_->held_back().empty()) {
      state.unsent = faults_->held_back();
      state.held_back = faults_->held_back_for();
    }
  }
  return state;
}

// A client without a line in the log yet will get one with all details.
ClientLog Session::log_of(const SessionState& state) const {
  std::unique_ptr<ConnectDetails> found;
  if (!state.introduced) {
    std::string remote = remote_name(state.socket);
    found =
        connect_details(context_.log, state.socket, remote == peer_.name ? "" : std::move(remote));
  }
  return {context_.log,     number_,          peer_.name,
          std::move(found), state.introduced, state.connected_at};
}

// The client is known and was served: no limit turns it away.
Ending Session::go_on(std::unique_ptr<SessionState> state, Yield yield) {
  log_.emplace(when_there_is_memory([&] { return log_of(*state); }, yield));
  totals_ = state->totals;
  delivery_ = Delivery(state->delivery);
  decided_ = state->ending;
  detail_ = std::move(state->detail);
  goodbye_until_ = state->goodbye_until;
  if (decided_ && state->unsent.empty()) return *decided_;

  const auto kept = when_there_is_memory([this] { return place(0); }, yield);
  if (state->faults) {
    faults_ = when_there_is_memory([&] { return std::make_unique<Faults>(*state->faults, yield); },
                                   yield);
  }
  if (!state->unsent.empty()) {
    if (const auto ending = send_unsent(*state, yield)) return *ending;
    state->silent_since.reset();
  }
  if (decided_) return answer_arrived(*decided_, {}, yield);
  if (state->silent_since)
    silence_.wait_in(context_.reaper, *state->silent_since);
  else
    silence_.wait_in(context_.reaper);
  state.reset();  // as in begin()
  return echo(yield);
}

// The second half of answer(): the bytes are counted and logged already.
std::optional<Ending> Session::send_unsent(const SessionState& state, Yield yield) {
  if (faults_) faults_->hold_back(state.unsent, state.held_back, yield);
  if (const auto ending = write_rest(state.unsent, yield)) return ending;
  if (faults_ && faults_->closes(totals_.bytes_in)) return Ending::fault;
  return std::nullopt;
}

// In the order in which the reaper's queue must have them: each is then added at its end.
std::vector<SessionState> Sessions::state() const {
  std::vector<std::pair<Clock::time_point, const Session*>> plain;
  for (const Session& session : sessions_)
    if (session.transport() == Transport::plain)
      plain.emplace_back(session.silent_since().value_or(Clock::time_point::max()), &session);
  std::ranges::sort(plain);

  std::vector<SessionState> states;
  states.reserve(plain.size());
  for (const auto& [since, session] : plain)
    states.push_back(session->state());
  for (const Beginning& beginning : beginning_)
    if (beginning.transport == Transport::plain) states.push_back(*beginning.state);
  return states;
}

void Sessions::adopt(SessionState state, Yield yield) {
  coro::Descriptor socket(state.socket);
  std::string_view failure;
  if (!is_connection(socket.number())) failure = "its descriptor is no connection";
  owed_at_last_look_ = true;  // bytes that another program has sent count in no look of this one
  const auto trigger = coro::Stream::trigger_for(socket.number());
  while (failure.empty() && !spawn(socket, Transport::plain, trigger, state))
    if (coro::sleep_for(yield, between_attempts_to_adopt)) failure = "no memory for its coroutine";
  if (failure.empty()) return;
  context_.log.error(
      {"given_up", {{"client", state.number}, {"peer", state.peer.name}, {"reason", failure}}},
      "client {} at {} is given up: {}", state.number, state.peer.name, failure);
  context_.statistics.ended(Ending::failed);
  ended_.notify_all();
}

}  // namespace server
