#include "server/accept/listeners.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "server/accept/inherited_sockets.hpp"
#include "server/net/peer.hpp"

namespace server {

Listeners::Listeners(coro::Scheduler& scheduler, const Config& config, EventLog& log,
                     Statistics& statistics, Sessions& sessions, coro::Condition& changed,
                     const InheritedSockets& inherited)
    : context_{.scheduler = scheduler,
               .config = config,
               .log = log,
               .statistics = statistics,
               .sessions = sessions,
               .changed = changed},
      inherits_(!inherited.echo.empty()),
      inherits_tls_(!inherited.tls.empty()) {
  for (const int descriptor : inherited.echo)
    inherited_.emplace_back(descriptor, Transport::plain);
  for (const int descriptor : inherited.tls)
    inherited_.emplace_back(descriptor, Transport::tls);
}

bool Listeners::Change::has_address_of(int socket) const {
  const coro::Endpoint endpoint = local_endpoint(socket);
  return std::ranges::any_of(bound, [&](const auto& other) {
    return local_endpoint(other.second.socket.number()) == endpoint;
  });
}

Listeners::Change Listeners::plan(const Config& config, coro::Yield yield) {
  Change change;
  change.missing = inherits_ ? tls_addresses(config, yield) : listen_addresses(config, yield);
  if (inherits_tls_)
    std::erase_if(change.missing,
                  [](const ListenAddress& address) { return address.transport == Transport::tls; });
  for (Listener& listener : listeners_) {  // each is asked once: a file may go at any time
    if (listener.is_inherited()) continue;
    const auto is_for = [&](const ListenAddress& address) { return listener.is_for(address); };
    const auto wanted = std::ranges::find_if(change.missing, is_for);
    if (wanted == change.missing.end())
      change.unwanted.push_back(&listener);
    else
      change.missing.erase(wanted);
  }
  return change;
}

// Throws only if the service cannot do without an address.
void Listeners::bind(Change& change, const Config& config, const std::vector<int>& ceding) {
  for (const ListenAddress& address : change.missing) {
    auto socket = listen(address, config, ceding);
    if (socket) {
      change.bound.emplace_back(address, std::move(*socket));
      continue;
    }
    if (!address.optional || !is_absent(socket.error()))
      throw listening_mistake(address, socket.error());
    context_.log.warn(
        {"not_listening",
         {{"address", to_string(address.endpoint)}, {"reason", socket.error().message()}}},
        "{}", cannot_listen(address, socket.error()));
  }
}

void Listeners::open(Change& change, const Config& config, coro::Yield yield) {
  const std::size_t before = listeners_.size();
  std::exception_ptr failed;
  try {
    apply(config);
    open_inherited();
    for (auto& [address, socket] : change.bound)
      start(address, std::move(socket));
  } catch (const std::exception&) {
    failed = std::current_exception();
  }
  if (!failed) {
    for (Listener* listener : change.unwanted)
      stop(*listener, yield);
    return;
  }
  while (listeners_.size() > before)
    stop(listeners_.back(), yield);
  try {
    apply(context_.config);  // as it was
  } catch (const std::exception&) {
  }
  std::rethrow_exception(failed);
}

void Listeners::apply(const Config& config) {
  for (Listener& listener : listeners_)
    if (!listener.lost()) listener.apply(config);
}

// Once: a number that a listener has closed may be another descriptor's by the next change.
void Listeners::open_inherited() {
  for (const auto& [descriptor, transport] : std::exchange(inherited_, {})) {
    const ListenAddress address{
        .endpoint = local_endpoint(descriptor), .origin = {}, .transport = transport};
    start(address, {.socket = owned_socket(descriptor), .file = {}, .inherited = true});
  }
}

void Listeners::start(const ListenAddress& address, ListeningSocket socket) {
  const bool inherited = socket.inherited;
  const Listener& listener = listeners_.emplace_back(context_, address, std::move(socket));
  context_.log.info(
      {"listening",
       {{"transport", listener.transport()}, {"address", to_string(listener.endpoint())}}},
      "listening on {}{}", listener.name(), inherited ? " (inherited)" : "");
}

void Listeners::stop(Listener& listener, coro::Yield yield) {
  const std::string address = to_string(listener.endpoint());
  if (!listener.lost()) {
    context_.log.info(
        {"not_listening", {{"transport", listener.transport()}, {"address", address}}},
        "no longer listening on {}", listener.name());
  }
  listener.stop();
  listener.wait_until_stopped(yield);
  listeners_.remove_if([&](const Listener& other) { return &other == &listener; });
}

std::vector<ListenerState> Listeners::state() const {
  std::vector<ListenerState> states;
  for (const Listener& listener : listeners_)
    if (!listener.lost()) states.push_back(listener.state());
  return states;
}

void Listeners::adopt(const std::vector<ListenerState>& states) {
  inherited_.clear();
  for (const ListenerState& state : states) {
    bool& inherits = state.asked.transport == Transport::tls ? inherits_tls_ : inherits_;
    inherits = inherits || state.inherited;
    // Owned before anything takes memory: what cannot go on is closed, and its address is free.
    coro::Descriptor socket = owned_socket(state.socket);
    coro::Descriptor accepted = owned_socket(state.accepted);
    coro::Descriptor file(state.file);
    try {
      SocketFile path =
          file.is_open() ? SocketFile(state.path, std::move(file), state.mode) : SocketFile();
      ListeningSocket listening{
          .socket = std::move(socket), .file = std::move(path), .inherited = state.inherited};
      listeners_.emplace_back(context_, state.asked, std::move(listening), std::move(accepted));
    } catch (const std::exception& error) {
      context_.log.error({"not_listening",
                          {{"address", to_string(state.asked.endpoint)}, {"reason", error.what()}}},
                         "no longer listening on {}: {}", to_string(state.asked.endpoint),
                         error.what());
    }
  }
}

void Listeners::go_on() {
  context_.held.reset();
  context_.released.notify_all();
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
  for (Notice* notice : {&context_.full, &context_.slowed, &context_.failing})
    notice->close();
}

}  // namespace server
