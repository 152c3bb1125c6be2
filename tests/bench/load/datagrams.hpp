#pragma once

#include <netinet/in.h>

#include <vector>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/readiness.hpp"

namespace load {

/// Sockets that send datagrams and take their echoes, traffic.pipeline of them under way on each.
class Datagrams {
 public:
  Datagrams(const Pattern& pattern, sockaddr_in server, std::size_t sockets, Traffic traffic);
  ~Datagrams();
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  /// Goes on until the time, then until nothing is under way. A datagram that differs or is lost is
  /// an exception.
  Traffic run(Time until);

 private:
  struct Socket {
    int descriptor;
    bool is_ready = false;
  };

  void send(const Socket& socket, std::size_t count);
  std::size_t receive(const Socket& socket);
  void serve();

  Readiness readiness_;
  std::vector<Socket> sockets_;
  std::vector<Socket*> ready_;  // each once
  Traffic traffic_;
  std::vector<char> payload_;  // of every datagram; the time of sending stands in front
};

/// Datagrams that are sent at a rate, whatever comes back.
class Flood {
 public:
  Flood(const Pattern& pattern, sockaddr_in target, double per_second);
  ~Flood();
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  /// Sends those that are due.
  void turn();
  std::uint64_t sent() const { return sent_; }

 private:
  const Pattern* pattern_;
  std::vector<int> sockets_;
  double per_nanosecond_;
  Time began_;
  std::uint64_t sent_ = 0;
};

}  // namespace load
