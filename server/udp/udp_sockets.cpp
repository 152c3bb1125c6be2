#include "server/udp/udp_sockets.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listening.hpp"
#include "server/net/peer.hpp"
#include "server/udp/udp_binding.hpp"

namespace server {

UdpSockets::UdpSockets(coro::Scheduler& scheduler, const Config& config, EventLog& log,
                       Statistics& statistics, coro::Condition& changed, std::vector<int> inherited)
    : scheduler_(scheduler),
      config_(config),
      log_(log),
      statistics_(statistics),
      changed_(changed),
      failing_(scheduler, log, "receive_failed", "udp: cannot receive"),
      inherits_(!inherited.empty()),
      inherited_(std::move(inherited)) {}

UdpSockets::Change UdpSockets::plan(const Config& config, coro::Yield yield) {
  Change change;
  if (inherits_) return change;
  change.missing = udp_addresses(config, yield);
  for (UdpSocket& socket : sockets_) {
    const auto is_for = [&](const ListenAddress& address) { return socket.is_for(address); };
    if (std::erase_if(change.missing, is_for) == 0) change.unwanted.push_back(&socket);
  }
  return change;
}

// Throws only if the service cannot do without an address.
void UdpSockets::bind(Change& change, const Config& config) {
  std::vector<int> ceding;
  for (const UdpSocket* socket : change.unwanted)
    if (!socket->lost()) ceding.push_back(socket->descriptor());
  for (const ListenAddress& address : change.missing) {
    auto socket = bind_udp(address, config, ceding);
    if (socket) {
      change.bound.emplace_back(address, std::move(*socket));
      continue;
    }
    if (!address.optional || !is_absent(socket.error()))
      throw listening_mistake(address, socket.error(), "udp");
    log_.warn({"not_listening",
               {{"transport", "udp"},
                {"address", to_string(address.endpoint)},
                {"reason", socket.error().message()}}},
              "{}", cannot_listen(address, socket.error(), "udp"));
  }
}

void UdpSockets::open(Change& change) {
  for (auto& [address, socket] : change.bound)
    change.opened.push_back(&start(address, std::move(socket), false));
  for (const int descriptor : std::exchange(inherited_, {})) {
    set_udp_options(descriptor);
    const ListenAddress address{.endpoint = local_endpoint(descriptor), .origin = {}};
    change.opened.push_back(&start(address, owned_socket(descriptor), true));
  }
}

void UdpSockets::cancel(const Change& change, coro::Yield yield) {
  for (UdpSocket* socket : change.opened)
    stop(*socket, yield);
}

void UdpSockets::finish(const Change& change, const Config& config, coro::Yield yield) {
  for (const UdpSocket* socket : change.opened) {
    const std::string address = to_string(socket->endpoint());
    log_.info({"listening", {{"transport", "udp"}, {"address", address}}}, "listening on udp {}{}",
              address, inherits_ ? " (inherited)" : "");
  }
  for (UdpSocket* socket : change.unwanted)
    stop(*socket, yield);
  for (UdpSocket& socket : sockets_)
    if (!socket.lost()) socket.apply(config);
}

UdpSocket& UdpSockets::start(const ListenAddress& address, coro::Descriptor socket,
                             bool inherited) {
  if (!context_) {
    // NOLINTNEXTLINE(modernize-make-unique): clang 14 makes no aggregates by it
    context_.reset(new UdpContext{.scheduler = scheduler_,
                                  .config = config_,
                                  .log = log_,
                                  .statistics = statistics_.udp,
                                  .reads = statistics_.reads,
                                  .changed = changed_,
                                  .failing = failing_});
  }
  UdpSocket& opened = sockets_.emplace_back(*context_, address, std::move(socket), inherited);
  sockets_changed();  // before it receives
  return opened;
}

void UdpSockets::stop(UdpSocket& socket, coro::Yield yield) {
  if (!socket.lost())
    log_.info({"not_listening", {{"transport", "udp"}, {"address", to_string(socket.endpoint())}}},
              "no longer listening on udp {}", to_string(socket.endpoint()));
  socket.stop();
  socket.wait_until_stopped(yield);
  sockets_.remove_if([&](const UdpSocket& other) { return &other == &socket; });
  sockets_changed();
}

// A datagram from one of our own ports may be an answer of ours.
void UdpSockets::sockets_changed() {
  if (sockets_.empty()) return context_.reset();
  std::vector<std::uint16_t> ports;
  for (const UdpSocket& socket : sockets_)
    ports.push_back(ip_endpoint(socket.endpoint())->port());
  context_->gate.set_own_ports(std::move(ports));
}

std::vector<ListenerState> UdpSockets::state() const {
  std::vector<ListenerState> states;
  for (const UdpSocket& socket : sockets_)
    if (!socket.lost()) states.push_back(socket.state());
  return states;
}

void UdpSockets::adopt(const std::vector<ListenerState>& states) {
  inherited_.clear();
  for (const ListenerState& state : states) {
    inherits_ = inherits_ || state.inherited;
    try {
      coro::Descriptor socket = owned_socket(state.socket);
      set_udp_options(socket.number());
      start(state.asked, std::move(socket), state.inherited);
    } catch (const std::exception& error) {
      log_.error({"not_listening",
                  {{"transport", "udp"},
                   {"address", to_string(state.asked.endpoint)},
                   {"reason", error.what()}}},
                 "no longer listening on udp {}: {}", to_string(state.asked.endpoint),
                 error.what());
    }
  }
}

void UdpSockets::flush() {
  for (UdpSocket& socket : sockets_)
    if (!socket.lost()) socket.flush();
}

bool UdpSockets::has_lost_one() const {
  return std::ranges::any_of(sockets_, &UdpSocket::lost);
}

bool UdpSockets::none_left() const {
  return std::ranges::all_of(sockets_, &UdpSocket::lost);
}

void UdpSockets::close(coro::Yield yield) {
  while (!sockets_.empty())
    stop(sockets_.front(), yield);
  failing_.close();
}

}  // namespace server
