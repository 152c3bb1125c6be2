#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <vector>

#include "program/histogram.hpp"
#include "tests/bench/load/pattern.hpp"

namespace load {

/// Nanoseconds of the monotonic clock.
using Time = std::int64_t;
Time now();

/// The work of the connections of one kind, and its results.
struct Traffic {
  std::size_t size = 64;     ///< bytes of a message
  std::size_t pipeline = 1;  ///< messages under way on each connection
  bool verify = true;        ///< false: what comes back is only counted, which is cheaper
  bool stopping = false;     ///< nothing new is sent
  Time counts_until = 0;     ///< bytes that come later are not part of the throughput

  std::size_t under_way = 0;  ///< messages, on all connections
  std::uint64_t messages = 0;
  std::uint64_t bytes_in_time = 0;
  program::Histogram latency;
};

/// A non-blocking connection that sends messages and takes their echoes. Any fault is an exception:
/// a benchmark of a server that fails means nothing.
class Connection {
 public:
  /// Connects from the given address, which spreads many connections over many ports.
  /// `wait` false: returns before the connection stands.
  Connection(const Pattern& pattern, sockaddr_in server, in_addr_t from, bool wait);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }
  bool idle() const { return under_way_ == 0; }

  /// Begins as many messages as may be under way.
  void begin(Traffic& traffic, Time at);
  /// The kernel reports it when this many bytes have come back, the end of the stream or a fault.
  void report_at(std::size_t bytes);
  /// Receives once, and sends what then may be sent; true when there is nothing more to do. Meant
  /// for an edge-triggered epoll.
  bool proceed(Traffic& traffic);

  /// For its owner: epoll has reported it, and there may be more to do.
  bool is_ready = false;

 private:
  void send_all(const Traffic& traffic);
  ssize_t send_piece(std::size_t size, bool verify);
  bool receive(Traffic& traffic);
  void finish_messages(Traffic& traffic, Time at);

  const Pattern* pattern_;
  int socket_;
  std::uint64_t begun_ = 0, sent_ = 0, received_ = 0, finished_ = 0;  // bytes
  std::size_t oldest_ = 0, under_way_ = 0;                            // messages
  std::vector<Time> began_;
};

}  // namespace load
