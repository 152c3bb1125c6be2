#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The events that the log has lines for. Each is formatted as it is logged, so that what its views
/// show has to last for the call only.
namespace server {

/// Received bytes, and as many of them as log.payload allows.
struct LogPayload {
  std::uint64_t size = 0;       ///< bytes that were received
  std::string_view shown = {};  ///< the first of them
  std::uint64_t omitted = 0;    ///< bytes that are not shown; 0 if the log shows sizes only
};

struct ConnectEvent {
  static constexpr auto level = spdlog::level::info;
  std::chrono::system_clock::time_point time;
  std::uint64_t client;  ///< its number
  std::string_view peer;
  /// Of TLS: its version, the cipher, the name of the server and the subject of the client's
  /// certificate, a NUL behind each; a plain client has none of them.
  std::string_view tls;

  std::size_t text_size() const { return peer.size() + tls.size(); }
};

struct ReceiveEvent {
  static constexpr auto level = spdlog::level::info;
  std::chrono::system_clock::time_point time;
  std::uint64_t client;
  std::string_view peer;
  LogPayload payload;

  std::size_t text_size() const { return peer.size() + payload.shown.size(); }
};

struct DisconnectEvent {
  static constexpr auto level = spdlog::level::info;
  std::chrono::system_clock::time_point time;
  std::uint64_t client;
  std::string_view peer;
  std::string_view reason;
  std::uint64_t bytes_in;
  std::uint64_t bytes_out;
  std::chrono::nanoseconds duration;

  std::size_t text_size() const { return peer.size() + reason.size(); }
};

/// Over UDP.
struct DatagramEvent {
  static constexpr auto level = spdlog::level::info;
  std::chrono::system_clock::time_point time;
  std::string_view peer;
  LogPayload payload;

  std::size_t text_size() const { return peer.size() + payload.shown.size(); }
};

/// Lines were lost before this one.
struct DroppedEvent {
  static constexpr auto level = spdlog::level::warn;
  std::chrono::system_clock::time_point time;
  std::uint64_t lines;

  static std::size_t text_size() { return 0; }
};

}  // namespace server
