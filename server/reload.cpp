// The part of the Server that puts a configuration in force, at the start and at a reload.
#include <boost/asio/error.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "coro/time_limit.hpp"
#include "server/accept/listening.hpp"
#include "server/server.hpp"

namespace server {
namespace {

constexpr std::chrono::seconds between_attempts_to_listen{1};

}  // namespace

// A coroutine of its own, so that a name that resolves slowly does not keep signals waiting, and so
// that, if both are asked for together, the log file is opened anew before the reload. Upgrades are
// steps of the same coroutine, so no change of the configuration is half done when another program
// takes over.
void Server::open_and_reload(coro::Yield yield) {
  if (!start(yield)) return signalled_.notify_all();
  const auto due = [this] {
    return reload_asked_ || upgrade_asked_ || listeners_.has_lost_one() || udp_.has_lost_one() ||
           admin_.lost() || stops_ > 0;
  };
  while (!deserted_ && !signalled_.wait(yield, due) && stops_ == 0)
    take_next_step(yield);
  if (std::exchange(upgrade_asked_, false)) report_failed_upgrade(service_stops);
}

void Server::take_next_step(coro::Yield yield) {
  if (std::exchange(reload_asked_, false)) return reload(yield);
  if (std::exchange(upgrade_asked_, false)) return upgrade(yield);
  replace_lost_listeners(yield);
}

// Returns whether it listens.
bool Server::start(coro::Yield yield) {
  use(startup_.tls);
  if (startup_.state) {
    take_over(*std::exchange(startup_.state, {}), yield);
  } else {
    try {
      listen(config_, yield);
    } catch (const std::exception& error) {
      report_failed_start(error.what());
      return false;
    }
    ready_ = true;
    manager_.ready();
    startup_.listens();
  }
  if (config_.faults.any()) log_.warn({"faults"}, "faults: this server misbehaves on purpose");
  return true;
}

void Server::report_failed_start(const std::string& error) {
  if (stops_ > 0) return startup_.failed("stopped before it could listen");
  log_.critical({"start_failed", {{"reason", error}}}, "{}", error);
  manager_.failed(error);
  startup_.failed(error);
}

// All or nothing: an error of the new configuration is logged, and the old one stays in force.
void Server::reload(coro::Yield yield) {
  manager_.reloading();
  try {
    Config config = load_config_();
    const auto tls = load_tls_identity(config, !startup_.sockets.tls.empty(), tls_);
    log_.configure(config);
    if (!tls_ && tls) sessions_.use(tls->context);  // clients may come at once
    listen(config, yield);
    config_ = std::move(config);
    use(tls);
  } catch (const std::exception& error) {
    return report_failed_reload(error.what());
  }
  provide_descriptors();
  sessions_.configuration_changed();
  ++statistics_.reloads;
  log_.info({"reloaded", {{"config", startup_.config_file}}}, "reloaded");
  manager_.reloaded();
}

// Clients of TLS meet this from now on; none if tls.port is off.
void Server::use(const std::optional<TlsIdentity>& tls) {
  tls_ = tls;
  if (!tls) return;
  sessions_.use(tls->context);
  for (const std::string& warning : tls->warnings)
    log_.warn({"certificate", {{"reason", warning}}}, "{}", warning);
}

void Server::report_failed_reload(const std::string& error) {
  try {
    log_.configure(config_);
  } catch (const std::exception&) {  // Its file cannot be opened any more: the new log stays.
  }
  ++statistics_.failed_reloads;
  const std::string reason = stops_ > 0 ? service_stops : error;
  log_.error({"not_reloaded", {{"reason", reason}}}, "not reloaded: {}", reason);
  manager_.not_reloaded(error);
}

// Listens where the configuration asks for it. Throws std::exception: nothing has changed then. So
// all sockets are bound first, since binding is the step that fails.
void Server::listen(const Config& config, coro::Yield yield) {
  Admin::Change admin = admin_.resolve(config, yield);
  Listeners::Change listeners = listeners_.plan(config, yield);
  UdpSockets::Change udp = udp_.plan(config, yield);
  const std::vector<int> ceding = ceding_sockets(admin, listeners);
  admin_.bind(admin, ceding);
  listeners_.bind(listeners, config, ceding);
  if (admin.bound.is_open() && listeners.has_address_of(admin.bound.number()))
    throw listening_mistake(*admin.address, boost::asio::error::address_in_use);
  udp_.bind(udp, config);
  admin_.start(admin);
  std::exception_ptr failed;
  try {
    udp_.open(udp);
    listeners_.open(listeners, config, yield);
  } catch (const std::exception&) {
    admin.listener.cancel();
    failed = std::current_exception();
  }
  if (failed) {
    udp_.cancel(udp, yield);
    std::rethrow_exception(failed);
  }
  udp_.finish(udp, config, yield);
  admin_.finish(admin, config, yield);
}

// The sockets that the change closes: their addresses count as free. Holds until a coroutine
// suspends.
std::vector<int> Server::ceding_sockets(const Admin::Change& admin,
                                        const Listeners::Change& listeners) const {
  std::vector<int> ceding;
  for (const Listener* listener : listeners.unwanted)
    if (!listener->lost()) ceding.push_back(listener->descriptor());
  if (const auto socket = admin_.ceding(admin)) ceding.push_back(*socket);
  return ceding;
}

// Whether there is a socket over which a new client can reach the service.
bool Server::listens() const {
  return !listeners_.none_left() || !udp_.none_left();
}

// A listening socket that somebody else has shut down is opened anew. If that fails, those who are
// connected are served on; without them the service ends.
void Server::replace_lost_listeners(coro::Yield yield) {
  try {
    listen(config_, yield);
  } catch (const std::exception& error) {
    log_.error({"not_listening", {{"reason", error.what()}}}, "{}", error.what());
  }
  if (!listens() && sessions_.active() == 0 && stops_ == 0) {
    log_.critical({"no_listener"}, "no socket to listen on is left");
    deserted_ = true;
    return signalled_.notify_all();
  }
  const coro::TimeLimit limit(yield, between_attempts_to_listen);
  static_cast<void>(
      signalled_.wait(yield, [this] { return reload_asked_ || upgrade_asked_ || stops_ > 0; }));
}

}  // namespace server
