#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "client/udp/datagram_socket.hpp"
#include "client/wire/connection.hpp"
#include "client/wire/failure.hpp"
#include "client/wire/target.hpp"
#include "program/histogram.hpp"

namespace client {

/// The counts of a ping by UDP beyond those of any ping.
struct DatagramTally {
  std::uint64_t duplicates = 0;       ///< came back again
  std::uint64_t reordered = 0;        ///< of those received: after one that was sent later
  std::uint64_t late = 0;             ///< of those lost: came back after all
  std::uint64_t foreign = 0;          ///< datagrams of the server's that no echo of this run is
  std::uint64_t errors = 0;           ///< refused on the way (ICMP), or not sent at all
  std::chrono::nanoseconds jitter{};  ///< RFC 3550, section 6.4.1, of round trips
};

/// The times without a connection, from the loss of one to the next one that is open.
struct GapTally {
  std::uint64_t count = 0;
  std::chrono::nanoseconds longest{};
  std::chrono::nanoseconds total{};
  bool is_open = false;  ///< the last one is not over

  void add(std::chrono::nanoseconds length) {
    longest = std::max(longest, length);
    total += length;
  }
};

/// One of them.
struct Gap {
  std::chrono::system_clock::time_point began;
  std::chrono::nanoseconds length{};
  std::uint64_t lost = 0;  ///< echoes
};

/// How an echo came back.
enum class ReplyKind { in_time, reordered, late, duplicate };

/// The counts of a ping. Every echo sent is either under way or ends as received, mismatched or
/// lost; bytes beyond the last echo count as one mismatched more.
struct PingTally {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;    ///< came back the same, in time
  std::uint64_t mismatched = 0;  ///< came back as something else, or with something after it
  std::uint64_t lost = 0;        ///< did not come back, or too late
  std::uint64_t under_way = 0;
  std::chrono::nanoseconds elapsed{};
  program::Histogram round_trips;          ///< of those received
  program::Histogram connect_times;        ///< of every connection made
  program::Histogram handshake_times;      ///< and of TLS
  GapTally gaps;                           ///< only over a connection
  std::optional<DatagramTally> datagrams;  ///< only by UDP

  /// Of those that are not under way, in percent.
  double loss() const;
  /// Something came back, and nothing was lost or wrong.
  bool clean() const { return received > 0 && lost == 0 && mismatched == 0; }
};

/// The line with the time since 1970 in seconds: `[1700000000.123456] ` before a text, `time` in a
/// JSON object.
std::string stamped(const std::string& line, std::chrono::system_clock::time_point now, bool json);

/// The lines of a ping, without their line ends: text for people, or for programs one JSON object a
/// line, each with an `event` and times in milliseconds.
class PingReport {
 public:
  explicit PingReport(bool json) : json_(json) {}

  std::string connected(const ConnectionFacts& facts);
  /// After a reconnect.
  std::string gap(const Gap& gap) const;
  /// Of a ping by UDP, which has no connection.
  std::string started(const Target& peer, std::size_t size);
  std::string reply(std::uint64_t number, std::size_t size, std::chrono::nanoseconds time,
                    ReplyKind kind) const;
  std::string lost(std::uint64_t number, std::chrono::nanoseconds wait) const;
  /// A datagram that is no echo of this run.
  std::string foreign(std::size_t size) const;
  /// Why an echo will not come back; without a number it is not known which.
  std::string error(std::optional<std::uint64_t> number,
                    const DatagramSocket::Received& received) const;
  std::string failed(const Failure& failure) const;
  std::string summary(const Target& target, const PingTally& tally) const;

 private:
  bool json_;
  std::string peer_;
};

}  // namespace client
