#pragma once

#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coro/scheduler.hpp"
#include "server/accept/listener.hpp"
#include "server/accept/listening.hpp"

namespace server {

/// All listeners of the service.
class Listeners {
 public:
  /// With `inherited` descriptors of listening sockets (inherited_sockets.hpp), these are what it
  /// listens on, whatever the configuration asks for, from open() to close().
  /// `changed` is notified when one has lost its socket.
  Listeners(coro::Scheduler& scheduler, const Config& config, EventLog& log, Statistics& statistics,
            Sessions& sessions, coro::Condition& changed, std::vector<int> inherited);

  /// What listening on other addresses than now takes.
  struct Change {
    std::vector<ListenAddress> missing;
    std::list<Listener*> unwanted;
    std::list<std::pair<ListenAddress, ListeningSocket>> bound = {};

    /// Whether a socket that was bound is at that address.
    bool has(const coro::Endpoint& endpoint) const;
  };

  /// Where `config` asks to listen, names resolved; none with inherited sockets. The error is one
  /// line.
  boost::system::result<std::vector<ListenAddress>, std::string> resolve(const Config& config,
                                                                         coro::Yield yield) const;

  /// What it takes to listen there. Holds until a coroutine suspends.
  Change change_to(const std::vector<ListenAddress>& addresses);

  /// Listens on what is missing, without accepting yet; see listen() for `ceding`. If that cannot
  /// be then nothing has changed, and the reason is returned in one line.
  std::optional<std::string> bind(Change& change, const Config& config,
                                  const std::vector<int>& ceding);

  /// Applies the configuration to what stays, accepts on what was bound, and closes what is no
  /// longer wanted. If that cannot be then nothing has changed, and the reason is returned in one
  /// line.
  std::optional<std::string> open(Change& change, const Config& config, coro::Yield yield);

  /// Whether one has lost its socket, which a change to the same addresses replaces.
  bool has_lost_one() const;
  /// Whether none is left that accepts.
  bool none_left() const;

  /// Stops all, and waits until they have.
  void close(coro::Yield yield);

 private:
  void start(const ListenAddress& address, ListeningSocket socket);
  void adopt_inherited();
  void apply(const Config& config);
  void stop(Listener& listener, coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  AcceptRate rate_;
  Turns turns_;
  Notice full_;
  Notice slowed_;
  Notice no_descriptors_;
  Notice no_memory_;
  Notice cannot_accept_;
  ListenerContext context_;
  std::vector<int> inherited_;
  std::list<Listener> listeners_;
};

}  // namespace server
