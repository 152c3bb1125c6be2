#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "client/bench/pattern.hpp"
#include "client/udp/datagrams.hpp"
#include "coro/io.hpp"

namespace client {

/// The datagrams that a thread hands to the kernel, or takes from it, by one system call; all lanes
/// of the thread share it. Nothing is copied: a payload is the header of Datagrams, with a tag of
/// its lane, and then a piece of the pattern.
class DatagramBatch {
 public:
  static constexpr std::size_t header = Datagrams::header;
  static constexpr std::size_t most = 64;

  /// The pattern and the scratch must outlive it. size: of each payload, at least a header.
  DatagramBatch(const Pattern& pattern, std::span<std::byte> scratch, std::size_t size);

  struct Count {
    coro::error_code error;
    std::size_t count = 0;
  };

  // ---- to send

  void clear() { added_ = 0; }
  bool full() const { return added_ == most; }
  std::size_t added() const { return added_; }
  /// Not while it is full.
  void add(std::uint64_t number, std::uint32_t tag);
  /// Hands all that were added to the kernel. Returns how many it took, the first ones; if that is
  /// none, an error of sendmmsg(2).
  Count send(int socket);

  // ---- received

  struct Received {
    std::uint32_t number = 0;
    std::uint32_t tag = 0;
    std::span<const std::byte> bytes;  ///< at least a header; one more than the size if too many
  };

  /// Takes what has arrived, at most so many datagrams. Returns how many; if that is none, an error
  /// of recvmmsg(2).
  Count receive(int socket, std::size_t at_most);
  /// One of those. Nothing if it has no header.
  std::optional<Received> received(std::size_t index) const;

  /// Compares a payload of the right size with the one that was sent; nothing if they are the same.
  std::optional<Mismatch> compare(const Received& received) const;

 private:
  struct Header {
    std::array<std::byte, header> bytes;
  };

  std::size_t size_;
  const Pattern* pattern_;
  std::size_t added_ = 0;
  std::array<Header, most> headers_{};
  std::array<std::array<iovec, 2>, most> pieces_{};  // of each to send: header, pattern
  std::array<mmsghdr, most> to_send_{};
  std::vector<iovec> places_;  // in the scratch, for those received
  std::vector<mmsghdr> taken_;
};

}  // namespace client
