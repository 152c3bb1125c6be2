#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "client/wire/failure.hpp"

namespace client {

/// The bytes that were handed over for sending and have not come back yet: what an echo is compared
/// with. A ring of fixed size, so that a sender that is far ahead of the echo has to wait instead
/// of growing.
///
///     bytes handed over:  ... verified | sent, on their way | not sent yet | room ...
class EchoWindow {
 public:
  explicit EchoWindow(std::size_t capacity) : ring_(capacity) {}

  /// Room for the next bytes to send, in one piece; empty when the window is full.
  std::span<std::byte> room();
  /// So many bytes were put into room().
  void handed_over(std::size_t size) { end_ += size; }

  /// The next bytes to send, in one piece; empty when all are sent.
  std::span<const std::byte> unsent() const;
  void sent(std::size_t size) { sent_ += size; }

  struct Verdict {
    std::size_t matched = 0;           ///< how many of the bytes were the ones expected next
    std::optional<Mismatch> mismatch;  ///< about the first one that was not
  };

  /// Compares what has come back and forgets what matched.
  Verdict verify(std::span<const std::byte> echoed);

  /// Bytes handed over that have not come back.
  std::size_t outstanding() const { return end_ - verified_; }
  /// Bytes handed over since the start.
  std::uint64_t total() const { return end_; }
  /// Bytes that have come back the same since the start.
  std::uint64_t verified() const { return verified_; }
  std::size_t capacity() const { return ring_.size(); }
  bool full() const { return outstanding() == ring_.size(); }

 private:
  std::size_t place(std::uint64_t position) const { return position % ring_.size(); }

  std::vector<std::byte> ring_;
  // Positions in the stream, counted from its first byte.
  std::uint64_t verified_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace client
