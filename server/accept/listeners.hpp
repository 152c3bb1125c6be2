#pragma once

#include <list>
#include <utility>
#include <vector>

#include "coro/scheduler.hpp"
#include "server/accept/inherited_sockets.hpp"
#include "server/accept/listener.hpp"
#include "server/accept/listener_state.hpp"
#include "server/accept/listening.hpp"

namespace server {

/// All listeners of the service.
class Listeners {
 public:
  /// If sockets for plain clients are `inherited`, or for those of TLS, it listens on these from
  /// open() to close(), whatever addresses the configuration asks for. `changed` is notified when
  /// one has lost its socket.
  Listeners(coro::Scheduler& scheduler, const Config& config, EventLog& log, Statistics& statistics,
            Sessions& sessions, coro::Condition& changed, const InheritedSockets& inherited);

  /// From the addresses of now to those of another configuration: plan(), bind() and open() it.
  struct Change {
    std::vector<ListenAddress> missing;
    std::list<Listener*> unwanted;
    std::list<std::pair<ListenAddress, ListeningSocket>> bound = {};  ///< by bind()

    /// Whether a socket that was bound has the address of this one.
    bool has_address_of(int socket) const;
  };

  /// The change to the addresses that `config` asks for, except where sockets are inherited. Holds
  /// until a coroutine suspends. Throws ConfigError if a name cannot be resolved.
  Change plan(const Config& config, coro::Yield yield);

  /// Listens on the missing addresses, without accepting yet; see listen() for `ceding`. Throws
  /// ConfigError if that cannot be; then nothing has changed.
  void bind(Change& change, const Config& config, const std::vector<int>& ceding);

  /// Applies the configuration to the listeners that stay, accepts on the new sockets, and closes
  /// the unwanted. Throws if that cannot be; then nothing has changed.
  void open(Change& change, const Config& config, coro::Yield yield);

  /// Whether one has lost its socket, which a change to the same addresses replaces.
  bool has_lost_one() const;
  /// Whether none is left that accepts.
  bool none_left() const;

  /// All that another program needs to go on listening, except listeners that have lost their
  /// socket. A connection whose session has not begun to run is not in it.
  std::vector<ListenerState> state() const;

  /// Goes on where another program has stopped, instead of the first open(): takes over the
  /// descriptors of the states, those that were inherited from the service manager included. An
  /// error is logged, and that address is not listened on.
  void adopt(const std::vector<ListenerState>& states);

  /// The clients of this transport wait in the kernel's backlog until go_on().
  void hold(Transport transport) { context_.held = transport; }
  void go_on();

  /// Stops all, and waits until they have.
  void close(coro::Yield yield);

 private:
  void start(const ListenAddress& address, ListeningSocket socket);
  void open_inherited();
  void apply(const Config& config);
  void stop(Listener& listener, coro::Yield yield);

  ListenerContext context_;
  bool inherits_;      // sockets for plain clients: `host`, `port` and `unix` are not listened on
  bool inherits_tls_;  // sockets for clients of TLS: `tls.port` is not listened on
  std::vector<std::pair<int, Transport>> inherited_;  // until the first open(), or adopt()
  std::list<Listener> listeners_;
};

}  // namespace server
