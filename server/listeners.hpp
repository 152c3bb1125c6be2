#pragma once

#include <list>
#include <optional>
#include <string>
#include <vector>

#include "coro/scheduler.hpp"
#include "server/listener.hpp"
#include "server/listening.hpp"

namespace server {

/// All listeners of the service.
class Listeners {
 public:
  /// With `inherited` descriptors of listening sockets (inherited_sockets.hpp), these are what it
  /// listens on, whatever the configuration asks for, from open() to close().
  /// `changed` is notified when one has lost its socket.
  Listeners(coro::Scheduler& scheduler, const Config& config, EventLog& log, Statistics& statistics,
            Sessions& sessions, coro::Condition& changed, std::vector<int> inherited);

  /// Listens on what `config` asks for: opens what is missing, then closes what is no longer
  /// wanted, and leaves the rest as it is. If something cannot be opened then nothing changes, and
  /// the reason is returned in one line.
  std::optional<std::string> open(const Config& config, coro::Yield yield);

  /// Stops all, and waits until they have.
  void close(coro::Yield yield);

 private:
  struct Bound {
    coro::Endpoint asked;
    ListeningSocket socket;
  };

  std::optional<std::string> bind(const ListenAddress& address, const Config& config,
                                  std::list<Bound>& bound);
  void start(Bound bound);
  bool has(const coro::Endpoint& asked) const;
  void adopt_inherited(const Config& config);
  void close_unwanted(const std::vector<ListenAddress>& wanted, coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  AcceptRate rate_;
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
