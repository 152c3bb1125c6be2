#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "coro/io.hpp"
#include "coro/scheduler.hpp"
#include "coro/timer.hpp"
#include "server/config/config.hpp"
#include "server/status/statistics.hpp"
#include "server/udp/datagram.hpp"

namespace server {

/// How the answers of one socket misbehave on purpose, for those who test their own clients against
/// it: they are lost, doubled, delayed, or sent behind the next one.
class UdpFaults {
 public:
  /// Answers at a time that are held back, and their bytes; those beyond are dropped and counted.
  static constexpr std::size_t most_held = 4096;
  static constexpr std::size_t most_bytes_held = std::size_t{4} * 1024 * 1024;

  /// `config` may change at any time. The socket and all else outlive this.
  UdpFaults(coro::Scheduler& scheduler, int socket, const FaultsConfig& config,
            UdpStatistics& statistics);

  /// Sends the datagram's answer, now, later, twice or never. Throws std::bad_alloc.
  void answer(const Datagram& datagram);

  /// Sends all answers that are held back.
  void flush();

 private:
  struct Held {
    Datagram datagram;  // its payload is the next member
    std::string payload;
    bool overtaken;  // goes out behind the next answer to the same client
  };
  using Answers = std::multimap<coro::Clock::time_point, Held>;  // by the time that they are due

  void hold(const Datagram& datagram, coro::Clock::time_point due, bool overtaken);
  void send_due(coro::Clock::time_point now);
  void send_overtaken(const SocketAddress& client);
  void send(Answers::iterator answer);

  int socket_;
  const FaultsConfig& config_;
  UdpStatistics& statistics_;
  Answers held_;
  std::size_t bytes_held_ = 0;
  coro::Timer timer_;  // set to the first answer that is due
};

}  // namespace server
