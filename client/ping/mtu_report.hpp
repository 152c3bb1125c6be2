#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client/udp/datagram_socket.hpp"
#include "client/wire/target.hpp"

namespace client {

/// The outcome for the datagrams of one size.
struct MtuProbed {
  enum class Outcome {
    passed,
    lost,      ///< none came back, as often as it was sent
    too_large  ///< the interface or a router refuses it, or the server cut it
  };

  Outcome outcome = Outcome::lost;
  std::chrono::nanoseconds round_trip{};                     ///< if it passed
  std::size_t limit = 0;                                     ///< if it is too large: what may pass
  std::uint32_t mtu = 0;                                     ///< if a router has named one
  std::optional<boost::asio::ip::address> router = {};       ///< if one has refused it
  std::optional<std::size_t> came_back_with = std::nullopt;  ///< if the server cut it: bytes
};

/// The figures of a search.
struct MtuResult {
  std::optional<std::size_t> largest;  ///< bytes of the payload
  std::size_t headers = 0;             ///< bytes before the payload, of IP and UDP
  bool complete = false;               ///< the search has come to its end
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::chrono::nanoseconds elapsed{};
};

/// The lines of a search, without their line ends; with `json` each is an object.
std::string mtu_started_line(const std::string& peer, bool json);
std::string mtu_probed_line(std::size_t size, const MtuProbed& probed, bool json);
std::string mtu_summary(const Target& target, const MtuResult& result, bool json);

}  // namespace client
