#include "server/listeners.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "server/inherited_sockets.hpp"
#include "server/peer.hpp"

namespace server {
namespace {

// The machine has no such address or no such protocol at all.
bool is_absent(coro::error_code error) {
  return error == boost::asio::error::address_family_not_supported ||
         error == boost::system::errc::address_not_available;
}

}  // namespace

Listeners::Listeners(coro::Scheduler& scheduler, const Config& config, EventLog& log,
                     Statistics& statistics, Sessions& sessions, coro::Condition& changed,
                     std::vector<int> inherited)
    : scheduler_(scheduler),
      log_(log),
      full_(scheduler, log, "limits.max_connections: full, further connections wait"),
      slowed_(scheduler, log, "limits.accept_rate: further connections wait"),
      no_descriptors_(scheduler, log, "out of descriptors: connections wait"),
      no_memory_(scheduler, log, "out of memory for sockets: connections wait"),
      cannot_accept_(scheduler, log, "cannot accept, connections wait"),
      context_{.config = config,
               .log = log,
               .statistics = statistics,
               .sessions = sessions,
               .rate = rate_,
               .full = full_,
               .slowed = slowed_,
               .no_descriptors = no_descriptors_,
               .no_memory = no_memory_,
               .cannot_accept = cannot_accept_,
               .changed = changed},
      inherited_(std::move(inherited)) {}

std::optional<std::string> Listeners::open(const Config& config, coro::Yield yield) {
  if (!inherited_.empty()) {
    adopt_inherited(config);
    return std::nullopt;
  }
  const auto addresses = listen_addresses(config, yield);
  if (!addresses) return addresses.error();

  // First all sockets, then all else: what cannot be done must leave everything as it was.
  std::list<Bound> bound;
  for (const ListenAddress& address : *addresses) {
    if (has(address.endpoint)) continue;
    if (auto error = bind(address, config, bound)) return error;
  }
  close_unwanted(*addresses, yield);
  for (Listener& listener : listeners_)
    listener.apply(config);
  for (Bound& socket : bound)
    start(std::move(socket));
  return std::nullopt;
}

void Listeners::adopt_inherited(const Config& config) {
  if (listeners_.empty()) {
    for (const int descriptor : inherited_) {
      coro::Acceptor acceptor = adopt(descriptor, scheduler_.executor());
      const coro::Endpoint endpoint = acceptor.local_endpoint();
      start({endpoint, {.acceptor = std::move(acceptor), .file = {}, .inherited = true}});
    }
  }
  for (Listener& listener : listeners_)
    listener.apply(config);
}

// An error only if the service cannot do without this address.
std::optional<std::string> Listeners::bind(const ListenAddress& address, const Config& config,
                                           std::list<Bound>& bound) {
  auto socket = listen(address, config, scheduler_.executor());
  if (socket) {
    bound.push_back({address.endpoint, std::move(*socket)});
    return std::nullopt;
  }
  const std::string message =
      "cannot listen on " + to_string(address.endpoint) + ": " + socket.error().message();
  if (!address.optional || !is_absent(socket.error())) return address.origin + ": " + message;
  log_.logger().warn("{}", message);
  return std::nullopt;
}

void Listeners::start(Bound bound) {
  const bool inherited = bound.socket.inherited;
  const Listener& listener =
      listeners_.emplace_back(scheduler_, context_, bound.asked, std::move(bound.socket));
  log_.logger().info("listening on {}{}", to_string(listener.endpoint()),
                     inherited ? " (inherited)" : "");
}

bool Listeners::has(const coro::Endpoint& asked) const {
  return std::ranges::any_of(listeners_,
                             [&](const Listener& listener) { return listener.asked() == asked; });
}

void Listeners::close_unwanted(const std::vector<ListenAddress>& wanted, coro::Yield yield) {
  for (auto listener = listeners_.begin(); listener != listeners_.end();) {
    if (std::ranges::find(wanted, listener->asked(), &ListenAddress::endpoint) != wanted.end()) {
      ++listener;
      continue;
    }
    log_.logger().info("no longer listening on {}", to_string(listener->endpoint()));
    listener->stop();
    listener->wait_until_stopped(yield);
    listener = listeners_.erase(listener);
  }
}

void Listeners::close(coro::Yield yield) {
  close_unwanted({}, yield);
  for (Notice* notice : {&full_, &slowed_, &no_descriptors_, &no_memory_, &cannot_accept_})
    notice->close();
}

}  // namespace server
