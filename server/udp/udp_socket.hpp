#pragma once

#include <cstdint>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/io.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"
#include "server/accept/listen_address.hpp"
#include "server/accept/listener_state.hpp"
#include "server/config/config.hpp"
#include "server/log/event_log.hpp"
#include "server/log/notice.hpp"
#include "server/status/statistics.hpp"
#include "server/udp/datagram_batch.hpp"
#include "server/udp/udp_faults.hpp"
#include "server/udp/udp_gate.hpp"

namespace server {

/// All that UDP sockets share. It belongs to UdpSockets, exists while there is a socket, and
/// outlives each of them. No coroutine refers to it but theirs.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): there is only one
struct UdpContext {
  coro::Scheduler& scheduler;
  const Config& config;  ///< its values change when the service reloads
  EventLog& log;
  UdpStatistics& statistics;
  const std::uint64_t& reads;  ///< of the sessions: whether somebody is served over TCP
  coro::Condition& changed;    ///< notified when a socket was lost
  Notice& failing;             ///< repeats itself, perhaps when the last socket has gone
  UdpGate gate{config};
  DatagramBatch batch = {};
};

/// Echoes the datagrams of one UDP socket, in a coroutine of its own.
class UdpSocket {
 public:
  /// Begins to receive on a bound socket that has the options of set_udp_options(). An `inherited`
  /// one stays open in the service manager: what is not received goes to the next instance. Throws
  /// boost::system::system_error if there is no memory for the coroutine.
  UdpSocket(UdpContext& context, ListenAddress asked, coro::Descriptor socket, bool inherited);
  /// It must have stopped.
  ~UdpSocket() = default;
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  UdpSocket(UdpSocket&&) = delete;
  UdpSocket& operator=(UdpSocket&&) = delete;

  /// The next time that the scheduler runs it, it answers the datagrams that have arrived, unless
  /// the socket is inherited, and closes the socket.
  void stop();
  /// Suspends until it has, also if the caller is cancelled meanwhile.
  void wait_until_stopped(coro::Yield yield);

  /// Another process has shut the socket down: it is closed, and nothing is received any more.
  bool lost() const { return task_.done(); }

  /// Whether binding anew to that address would make no difference.
  bool is_for(const ListenAddress& address) const;
  /// The socket; it may be closed as soon as a coroutine has run.
  int descriptor() const { return socket_.number(); }
  /// All that another program needs to go on, of a socket that is not lost().
  ListenerState state() const;
  /// Sends the answers that faults hold back.
  void flush();
  /// The address that the socket is bound to.
  const coro::Endpoint& endpoint() const { return endpoint_; }

  /// Puts the settings in force that can change while it receives. Throws
  /// boost::system::system_error.
  void apply(const Config& config);

 private:
  // In the order of the story. An error that is returned ends the coroutine.
  void run(coro::Yield yield);
  void echo_until_stopped(coro::Yield yield);
  coro::error_code wait_for_datagrams(coro::Readiness& readiness, coro::Yield yield);
  std::size_t size_of_turn();
  coro::error_code echo_batch(std::size_t most);
  void consider(std::size_t index, coro::Clock::time_point now);
  void answer(std::size_t index, const Datagram& datagram);
  void log_received(const Datagram& datagram);
  void send_answers();
  void echo_what_has_arrived();
  coro::error_code nothing_received(coro::error_code error, coro::Yield yield);
  coro::error_code pause(coro::error_code reason, coro::Yield yield);

  UdpContext& context_;
  ListenAddress asked_;      // as configured: is_for() compares a new configuration with it
  coro::Endpoint endpoint_;  // as bound
  coro::Descriptor socket_;
  bool inherited_;
  UdpFaults faults_;
  bool stopping_ = false;
  std::uint64_t reads_before_ = 0;  // of the sessions, at the last turn
  int turns_for_nothing_ = 0;       // in succession, up to most_turns_for_nothing
  unsigned came_alone_ = 0;         // datagrams in succession that no other one came with
  unsigned turns_alone_ = 0;        // in succession, while nobody was served over TCP
  int ttl_ = 0;                     // of datagrams without one of their own; 0 = unknown
  coro::Task task_;
};

}  // namespace server
