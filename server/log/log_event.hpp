#pragma once

#include <spdlog/common.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The events that the log has lines for. Each is formatted as it is logged, so that what its views
/// show has to last for the call only.
namespace server {

/// Received bytes, and as many of them as log.payload allows.
struct LogPayload {
  std::uint64_t size = 0;       ///< bytes that were received
  std::string_view shown = {};  ///< the first of them
  std::uint64_t omitted = 0;    ///< bytes that are not shown; 0 if the log shows sizes only
};

/// The user and the process at the other end of a Unix socket (SO_PEERCRED, unix(7)).
struct PeerCredentials {
  std::uint32_t user = 0;
  std::uint32_t process = 0;
};

/// The details of a client, besides its address, that the log has once.
struct ConnectDetails {
  std::string local = {};  ///< the address of the listener
  std::string proxy = {};  ///< the address of the proxy that has named the client
  /// Of TLS: its version, the cipher, the name of the server and the subject of the client's
  /// certificate, a NUL behind each. They are one string, since a plain client has none of them.
  std::string tls = {};
  std::optional<PeerCredentials> credentials = {};  ///< over a Unix socket
};

/// A member of a message in JSON.
struct LogMember {
  LogMember(std::string_view key, std::string_view text) : name(key), value(text) {}
  LogMember(std::string_view key, std::unsigned_integral auto number)
      : name(key), value(std::uint64_t{number}) {}
  LogMember(std::string_view key, std::signed_integral auto number)
      : name(key), value(static_cast<std::uint64_t>(number)) {}

  std::string_view name;
  std::variant<std::string_view, std::uint64_t> value;
};

/// The subject of a message, for JSON: the name of the event and its members, besides the text.
/// `json`: further members, as they are written.
struct LogAbout {
  std::string_view event;
  std::initializer_list<LogMember> members = {};  // for the call only
  std::string_view json = {};
};

struct ConnectEvent {
  static constexpr auto level = spdlog::level::info;
  std::chrono::system_clock::time_point time;
  std::uint64_t client;  ///< its number
  std::string_view peer;
  const ConnectDetails& details;

  std::size_t text_size() const {
    return peer.size() + details.local.size() + details.proxy.size() + details.tls.size();
  }
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
