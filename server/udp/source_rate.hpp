#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "coro/io.hpp"

namespace server {

/// Limits the answers for each source network, an IPv4 address or an IPv6 /64, in a table that
/// never grows and never forgets: a count-min sketch of token buckets.
///
/// A source has one bucket in each row, chosen by a hash with a key of this process. It may be
/// answered while one of its buckets has a token, and every answer takes one from all of its
/// buckets. So no source ever gets more than its rate, however many others there are. A source gets
/// less only if others have emptied both of its buckets: strangers who do not know the key need
/// rate * 32,768 answered datagrams a second to empty half of all.
class SourceRate {
 public:
  /// Draws the key.
  SourceRate();
  /// For tests, with a key.
  SourceRate(std::uint64_t key0, std::uint64_t key1) : key_{key0, key1} {}

  /// Takes a token of the source, of which a bucket gets `rate` a second and holds as many. Returns
  /// false if there is none. `rate` is at least 1; `now` never goes back.
  bool take(const boost::asio::ip::address& source, std::uint32_t rate,
            coro::Clock::time_point now);
  /// The same for an IPv4 address as a number in the byte order of this machine.
  bool take(std::uint32_t ipv4, std::uint32_t rate, coro::Clock::time_point now) {
    return take_of(ipv4, rate, now);
  }

 private:
  bool take_of(std::uint64_t network, std::uint32_t rate, coro::Clock::time_point now);

  static constexpr std::size_t rows = 2;
  static constexpr std::size_t columns = 32768;  // 256 KiB a row

  // The time at which a bucket is full again, in nanoseconds of the clock: the whole bucket in one
  // number (the generic cell rate algorithm, ITU-T I.371). In the past, the bucket is full.
  using Bucket = std::int64_t;
  using Table = std::array<std::array<Bucket, columns>, rows>;

  std::array<std::uint64_t, 2> key_;
  std::unique_ptr<Table> table_ = std::make_unique<Table>();
};

/// SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") of one word. Without the
/// key nobody finds words with the same hash.
std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::uint64_t word);

}  // namespace server
