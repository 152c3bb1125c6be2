#include "server/accept/listeners.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <exception>
#include <utility>

#include "server/net/peer.hpp"
#include "server/process/inherited_sockets.hpp"

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
               .turns = turns_,
               .full = full_,
               .slowed = slowed_,
               .no_descriptors = no_descriptors_,
               .no_memory = no_memory_,
               .cannot_accept = cannot_accept_,
               .changed = changed},
      inherited_(std::move(inherited)) {}

bool Listeners::Change::has(const coro::Endpoint& endpoint) const {
  return std::ranges::any_of(bound, [&](const auto& socket) {
    return socket.second.acceptor.local_endpoint() == endpoint;
  });
}

boost::system::result<std::vector<ListenAddress>, std::string> Listeners::resolve(
    const Config& config, coro::Yield yield) const {
  if (!inherited_.empty()) return std::vector<ListenAddress>();
  return listen_addresses(config, yield);
}

Listeners::Change Listeners::change_to(const std::vector<ListenAddress>& addresses) {
  Change change;
  if (!inherited_.empty()) return change;
  change.missing = addresses;
  for (Listener& listener : listeners_) {  // each is asked once: a file may go at any time
    const auto is_for = [&](const ListenAddress& address) { return listener.is_for(address); };
    const auto wanted = std::ranges::find_if(change.missing, is_for);
    if (wanted == change.missing.end())
      change.unwanted.push_back(&listener);
    else
      change.missing.erase(wanted);
  }
  return change;
}

// An error only if the service cannot do without an address.
std::optional<std::string> Listeners::bind(Change& change, const Config& config,
                                           const std::vector<int>& ceding) {
  for (const ListenAddress& address : change.missing) {
    auto socket = listen(address, config, scheduler_.executor(), ceding);
    if (socket) {
      change.bound.emplace_back(address, std::move(*socket));
      continue;
    }
    const std::string message = cannot_listen(address.endpoint, socket.error());
    if (!address.optional || !is_absent(socket.error())) return address.origin + ": " + message;
    log_.warn("{}", message);
  }
  return std::nullopt;
}

std::optional<std::string> Listeners::open(Change& change, const Config& config,
                                           coro::Yield yield) {
  const std::size_t before = listeners_.size();
  std::optional<std::string> failed;
  try {
    apply(config);
    if (listeners_.empty()) adopt_inherited();
    for (auto& [address, socket] : change.bound)
      start(address, std::move(socket));
  } catch (const std::exception& error) {
    failed = error.what();
  }
  if (!failed) {
    for (Listener* listener : change.unwanted)
      stop(*listener, yield);
    return std::nullopt;
  }
  while (listeners_.size() > before)
    stop(listeners_.back(), yield);
  try {
    apply(context_.config);  // as it was
  } catch (const std::exception&) {
  }
  return failed;
}

void Listeners::apply(const Config& config) {
  for (Listener& listener : listeners_)
    if (!listener.lost()) listener.apply(config);
}

void Listeners::adopt_inherited() {
  for (const int descriptor : inherited_) {
    coro::Acceptor acceptor = adopt(descriptor, scheduler_.executor());
    const ListenAddress address{.endpoint = acceptor.local_endpoint(), .origin = {}};
    start(address, {.acceptor = std::move(acceptor), .file = {}, .inherited = true});
  }
}

void Listeners::start(const ListenAddress& address, ListeningSocket socket) {
  const bool inherited = socket.inherited;
  const Listener& listener =
      listeners_.emplace_back(scheduler_, context_, address, std::move(socket));
  log_.info("listening on {}{}", to_string(listener.endpoint()), inherited ? " (inherited)" : "");
}

void Listeners::stop(Listener& listener, coro::Yield yield) {
  if (!listener.lost()) log_.info("no longer listening on {}", to_string(listener.endpoint()));
  listener.stop();
  listener.wait_until_stopped(yield);
  listeners_.remove_if([&](const Listener& other) { return &other == &listener; });
}

bool Listeners::has_lost_one() const {
  return std::ranges::any_of(listeners_, &Listener::lost);
}

bool Listeners::none_left() const {
  return std::ranges::all_of(listeners_, &Listener::lost);
}

void Listeners::close(coro::Yield yield) {
  while (!listeners_.empty())
    stop(listeners_.front(), yield);
  for (Notice* notice : {&full_, &slowed_, &no_descriptors_, &no_memory_, &cannot_accept_})
    notice->close();
}

}  // namespace server
