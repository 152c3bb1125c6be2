#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace client {

/// The payloads that one run sends by UDP, and the recognition of those that come back. Each has
///
///     offset 0  the number, the 4 lower bytes, little-endian
///     offset 4  the tag, 4 random bytes that all payloads of the run have
///     offset 8  bytes that follow from the number
///
/// and ends after as many bytes as it is to have, perhaps within the number. From 8 bytes on a
/// payload has its number and its run. Of fewer than 4 bytes the number repeats soon (1 byte: after
/// 256), and one without a byte has none.
class Datagrams {
 public:
  static constexpr std::size_t header = 8;

  /// The tag of a run.
  static std::uint32_t random_tag();

  Datagrams(std::size_t size, std::uint32_t tag) : size_(size), tag_(tag) {}

  std::size_t size() const { return size_; }

  /// The payload with this number, counted from 1.
  std::vector<std::byte> payload(std::uint64_t number) const;

  enum class Kind {
    echo,     ///< byte for byte a payload of this run
    changed,  ///< of this run, but not the bytes that were sent, or not as many
    foreign   ///< without the tag: of another run or another program
  };

  struct Recognised {
    Kind kind = Kind::foreign;
    /// Of an echo: the highest number up to the latest one sent that the bytes may stand for. Of a
    /// changed one: the number it has, if such a one was sent. None if the payload has no room for
    /// a number.
    std::optional<std::uint64_t> number;
  };

  /// latest: the highest number sent so far.
  Recognised recognise(std::span<const std::byte> received, std::uint64_t latest) const;

  /// The number of the payload that begins with these bytes, if they have all of the header or of
  /// the payload: as much of it as an ICMP error quotes.
  std::optional<std::uint64_t> number_in(std::span<const std::byte> beginning,
                                         std::uint64_t latest) const;

 private:
  void fill(std::uint64_t number, std::span<std::byte> bytes) const;
  bool has_tag(std::span<const std::byte> bytes) const;

  std::size_t size_;
  std::uint32_t tag_;
};

}  // namespace client
