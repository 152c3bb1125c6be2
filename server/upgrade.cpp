// The part of the Server that goes on with another program in the same process.
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "coro/time_limit.hpp"
#include "server/server.hpp"
#include "server/session/when_there_is_memory.hpp"
#include "server/upgrade/descriptors.hpp"

namespace server {
namespace {

// For steps that take no time, unless there is a fault in them.
constexpr std::chrono::seconds longest_step{2};

}  // namespace

// While the service drains, nobody is left who could do it.
void Server::ask_for_upgrade() {
  if (opening_.done())
    report_failed_upgrade(service_stops);
  else
    upgrade_asked_ = true;
}

// Returns only if the service goes on with this program.
void Server::upgrade(coro::Yield yield) {
  manager_.reloading();
  std::string reason;
  try {
    reason = execute_program(yield);
  } catch (const std::bad_alloc&) {
    reason = "out of memory";
  } catch (const std::exception& error) {
    reason = error.what();
  }
  sessions_.go_on_with_tls();
  listeners_.go_on();
  report_failed_upgrade(stops_ > 0 ? service_stops : reason);
}

// Returns why it cannot be.
std::string Server::execute_program(coro::Yield yield) {
  if (const auto version = startup_.program.ask(yield); !version) return version.error();
  if (end_tls(yield)) {
    // That may have taken a while, in which the program or its configuration can have changed.
    if (const auto version = startup_.program.ask(yield); !version) return version.error();
  }
  end_short_exchanges(yield);
  if (stops_ > 0) return {};
  // From here on no coroutine runs, and what each has done so far is its state.
  log_.flush();
  manager_.feed_watchdog();
  return startup_.program.execute(state());
}

// The keys of TLS stay with the library, so a connection by TLS ends in order, and its client
// connects again to the new program. Returns whether there was one.
bool Server::end_tls(coro::Yield yield) {
  listeners_.hold(Transport::tls);
  const std::size_t connections = sessions_.speaking_tls();
  if (connections == 0) return false;
  log_.info({"upgrading", {{"connections", connections}}},
            "upgrading: {} TLS connections end first", connections);
  {
    const coro::TimeLimit limit(yield, config_.shutdown.timeout);
    sessions_.drain_tls();
    static_cast<void>(sessions_.wait_until_no_tls(yield));
  }
  if (stops_ > 0) return true;
  if (sessions_.speaking_tls() > 0) {
    log_.warn({"not_ended", {{"connections", sessions_.speaking_tls()}}},
              "{} connections did not end in time", sessions_.speaking_tls());
    sessions_.abort_tls();
    const coro::TimeLimit limit(yield, longest_step);
    static_cast<void>(sessions_.wait_until_no_tls(yield));
  }
  return true;
}

// These are not handed over.
void Server::end_short_exchanges(coro::Yield yield) {
  {
    const coro::TimeLimit limit(yield, longest_step);
    static_cast<void>(admin_.wait_until_idle(yield));
  }
  udp_.flush();
}

State Server::state() const {
  State state{
      .sessions = sessions_.state(),
      .listeners = listeners_.state(),
      .udp_sockets = udp_.state(),
      .admin = admin_.state(),
      .environment = startup_.environment,
      .pid_file = startup_.pid_file ? std::optional(startup_.pid_file->descriptor()) : std::nullopt,
      .last_number = sessions_.last_number(),
      .statistics = statistics_,
      .lag = lag_,
      .coroutines = coroutines(),
      .log = log_.state(),
      .reload_asked = reload_asked_,
      .upgrade_asked = upgrade_asked_};
  forget_closed(state);
  return state;
}

void Server::report_failed_upgrade(const std::string& reason) {
  ++statistics_.failed_upgrades;
  log_.error({"not_upgraded", {{"reason", reason}}}, "not upgraded: {}", reason);
  if (!opening_.done()) manager_.not_upgraded(reason);  // otherwise its state stays: it drains
  if (startup_.pid_file) startup_.pid_file->report_not_upgraded();
}

// Goes on where the program before this one has stopped. Its clients are served whatever happens to
// the addresses of the new configuration.
void Server::take_over(State state, coro::Yield yield) {
  adopt(std::move(state), yield);
  ++statistics_.upgrades;
  ready_ = true;
  log_.info(
      {"upgraded",
       {{"version", COROECHO_VERSION}, {"pid", ::getpid()}, {"connections", sessions_.active()}}},
      "upgraded to coroecho {}, {} connections kept", COROECHO_VERSION, sessions_.active());
  when_there_is_memory([this] { manager_.ready(); }, yield);
  if (startup_.pid_file) startup_.pid_file->report_upgraded();
  try {
    listen(config_, yield);
  } catch (const std::exception& error) {
    if (stops_ == 0) log_.error({"not_listening", {{"reason", error.what()}}}, "{}", error.what());
  }
}

void Server::adopt(State state, coro::Yield yield) {
  statistics_ = state.statistics;
  lag_ = state.lag;
  earlier_coroutines_ = state.coroutines;
  // Signals that were pending in the process have been handled by now.
  reload_asked_ = reload_asked_ || state.reload_asked;
  upgrade_asked_ = upgrade_asked_ || state.upgrade_asked;
  sessions_.set_last_number(state.last_number);
  for (SessionState& session : state.sessions)
    sessions_.adopt(std::move(session), yield);
  listeners_.adopt(state.listeners);
  udp_.adopt(state.udp_sockets);
  if (state.admin) admin_.adopt(*state.admin);
}

}  // namespace server
