#pragma once

#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "coro/scheduler.hpp"
#include "server/accept/listen_address.hpp"
#include "server/accept/listener_state.hpp"
#include "server/log/notice.hpp"
#include "server/udp/udp_socket.hpp"

namespace server {

/// All UDP sockets of the service.
class UdpSockets {
 public:
  /// With `inherited` descriptors of UDP sockets (inherited_sockets.hpp) it receives on these,
  /// whatever the configuration asks for, from open() to close(). `changed` is notified when one
  /// was lost.
  UdpSockets(coro::Scheduler& scheduler, const Config& config, EventLog& log,
             Statistics& statistics, coro::Condition& changed, std::vector<int> inherited);

  /// From the addresses of now to those of another configuration: plan(), bind() and open() it,
  /// then finish() it. Unlike Listeners it has a step to cancel(): the listeners, which open after
  /// it, may still fail.
  struct Change {
    std::vector<ListenAddress> missing;
    std::list<UdpSocket*> unwanted;
    std::list<std::pair<ListenAddress, coro::Descriptor>> bound = {};  ///< by bind()
    std::list<UdpSocket*> opened = {};                                 ///< by open()
  };

  /// The change to the addresses that `config` asks for; none with inherited sockets. Holds until a
  /// coroutine suspends. Throws ConfigError if a name cannot be resolved.
  Change plan(const Config& config, coro::Yield yield);

  /// Binds the missing addresses, without receiving yet. Throws ConfigError if that cannot be; then
  /// nothing has changed.
  void bind(Change& change, const Config& config);

  /// Receives on the bound sockets. Throws if that cannot be; cancel() the change then.
  void open(Change& change);
  /// Closes those that open() has opened.
  void cancel(const Change& change, coro::Yield yield);
  /// Closes the unwanted, and applies the configuration to the others. The end of a change.
  void finish(const Change& change, const Config& config, coro::Yield yield);

  /// Whether one was lost, which a change to the same addresses replaces.
  bool has_lost_one() const;
  /// Whether none is left that receives.
  bool none_left() const;

  /// All that another program needs to go on receiving, except sockets that were lost.
  std::vector<ListenerState> state() const;

  /// Goes on where another program has stopped, instead of the first open(): takes over the
  /// descriptors of the states, those that were inherited from the service manager included. An
  /// error is logged, and that address is not received on.
  void adopt(const std::vector<ListenerState>& states);

  /// Sends all answers that faults hold back.
  void flush();

  /// Stops all, and waits until they have.
  void close(coro::Yield yield);

 private:
  UdpSocket& start(const ListenAddress& address, coro::Descriptor socket, bool inherited);
  void stop(UdpSocket& socket, coro::Yield yield);
  void sockets_changed();

  coro::Scheduler& scheduler_;
  const Config& config_;
  EventLog& log_;
  Statistics& statistics_;
  coro::Condition& changed_;
  Notice failing_;
  bool inherits_;                        // then `udp.port` is not listened on
  std::vector<int> inherited_;           // until the first open(), or adopt()
  std::unique_ptr<UdpContext> context_;  // its tables and buffers exist only if a socket does
  std::list<UdpSocket> sockets_;
};

}  // namespace server
