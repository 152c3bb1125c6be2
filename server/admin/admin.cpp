#include "server/admin/admin.hpp"

#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <exception>
#include <utility>

#include "coro/error.hpp"
#include "coro/readiness.hpp"
#include "server/accept/accept_error.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listening.hpp"
#include "server/admin/http_connection.hpp"
#include "server/net/peer.hpp"
#include "server/session/coroutine_names.hpp"

namespace server {

using coro::error_code;
using coro::Yield;

namespace {

class NotifyAtEnd {
 public:
  explicit NotifyAtEnd(coro::Condition& condition) : condition_(condition) {}
  ~NotifyAtEnd() { condition_.notify_all(); }
  NotifyAtEnd(const NotifyAtEnd&) = delete;
  NotifyAtEnd& operator=(const NotifyAtEnd&) = delete;
  NotifyAtEnd(NotifyAtEnd&&) = delete;
  NotifyAtEnd& operator=(NotifyAtEnd&&) = delete;

 private:
  coro::Condition& condition_;
};

}  // namespace

Admin::Admin(coro::Scheduler& scheduler, EventLog& log, GetStatus get_status,
             coro::Condition& lost_it, std::optional<int> inherited)
    : scheduler_(scheduler),
      log_(log),
      get_status_(std::move(get_status)),
      inherits_(inherited.has_value()),
      inherited_(inherited),
      lost_it_(lost_it),
      cannot_accept_(scheduler, log, "accept_failed", "admin: cannot accept, connections wait") {
  connections_.reserve(max_connections);
}

Admin::Change Admin::resolve(const Config& config, Yield yield) const {
  if (inherits_) return {.needed = inherited_.has_value()};
  const bool gone = config.admin.port && listener_.done();
  if (config.admin == config_ && !gone) return {};
  if (!config.admin.port) return {.needed = true};
  return {.needed = true, .address = admin_address(config, yield)};
}

std::optional<int> Admin::ceding(const Change& change) const {
  return change.needed && !listener_.done() ? std::optional(socket_) : std::nullopt;
}

void Admin::bind(Change& change, const std::vector<int>& ceding) const {
  if (!change.address) return;
  auto socket = server::listen(*change.address, Config(), ceding);
  if (!socket) throw listening_mistake(*change.address, socket.error());
  change.bound = std::move(socket->socket);
}

void Admin::start(Change& change) {
  if (!change.needed) return;
  if (inherited_) change.bound = owned_socket(*std::exchange(inherited_, std::nullopt));
  if (!change.bound.is_open()) return;
  change.socket = change.bound.number();
  change.listener = accept_on(std::move(change.bound));
  const std::string address = to_string(local_endpoint(change.socket));
  log_.info({"listening", {{"transport", "http"}, {"address", address}}}, "admin on http://{}/{}",
            address, inherits_ ? " (inherited)" : "");
}

coro::Task Admin::accept_on(coro::Descriptor socket) {
  const std::string address = to_string(local_endpoint(socket.number()));
  return scheduler_
      .spawn("admin", [this, address,
                       socket = std::move(socket)](Yield yield) { accept(socket, address, yield); })
      .value();
}

void Admin::finish(const Change& change, const Config& config, Yield yield) {
  if (!change.needed) return;
  listener_.cancel();
  for (const Connection& connection : connections_)
    if (connection.listening == socket_) connection.task.cancel();
  static_cast<void>(listener_.join(yield));
  listener_ = change.listener;
  socket_ = change.socket;
  config_ = config.admin;
}

std::optional<AdminState> Admin::state() const {
  if (listener_.done()) return std::nullopt;
  return AdminState{.socket = socket_, .config = config_, .inherited = inherits_};
}

void Admin::adopt(const AdminState& state) try {
  inherits_ = state.inherited;
  inherited_.reset();
  listener_ = accept_on(owned_socket(state.socket));
  socket_ = state.socket;
  config_ = state.config;
} catch (const std::exception& error) {
  log_.error({"not_listening", {{"transport", "http"}, {"reason", error.what()}}},
             "admin: cannot take over the socket: {}", error.what());
}

error_code Admin::wait_until_idle(Yield yield) {
  return changed_.wait(yield, [this] { return open_connections() == idle_; });
}

void Admin::close(Yield yield) {
  listener_.cancel();
  for (const Connection& connection : connections_)
    connection.task.cancel();
  cannot_accept_.close();
  static_cast<void>(listener_.join(yield));
  static_cast<void>(changed_.wait(yield, [this] { return open_connections() == 0; }));
}

// Forgets those that have ended.
std::size_t Admin::open_connections() {
  std::erase_if(connections_, [](const Connection& connection) { return connection.task.done(); });
  return connections_.size();
}

void Admin::accept(const coro::Descriptor& listening, const std::string& address, Yield yield) {
  coro::Readiness readiness(yield.scheduler(), listening.number());
  for (int errors = 0;;) {
    if (changed_.wait(yield, [this] { return open_connections() < max_connections; })) return;
    error_code error = readiness.wait_readable(yield);
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) error = accept_one(listening.number());
    errors = error ? errors + 1 : 0;
    if (!error) continue;
    if (is_shut_down(listening.number())) break;
    const bool others_may_succeed =
        error == boost::asio::error::would_block || concerns_one_connection(error);
    if (others_may_succeed && errors < most_turns_for_nothing) continue;
    // Short of descriptors or memory: the echo goes first.
    if (error != boost::asio::error::would_block)
      cannot_accept_.happened("admin: " + why_connections_wait(error));
    if (coro::sleep_for(yield, pause_after_error)) return;
  }
  log_.error({"not_listening", {{"transport", "http"}, {"address", address}}},
             "admin no longer on http://{}/: the socket was shut down", address);
  lost_it_.notify_all();
}

error_code Admin::accept_one(int listening) {
  coro::Descriptor socket(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) return coro::last_error();
  const auto connection =
      scheduler_.spawn(admin_connection, [this, socket = std::move(socket)](Yield yield) mutable {
        const NotifyAtEnd ending(changed_);
        serve_http(std::move(socket), get_status_, IdleConnections{idle_, changed_}, yield);
      });
  if (!connection) return connection.error();
  connections_.push_back({listening, *connection});
  return {};
}

}  // namespace server
