#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/log/event_log.hpp"

namespace server {

/// The bytes and the duration of a connection.
struct SessionTotals {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::nanoseconds duration{0};
};

/// The events of one client, which its session logs. With `log.probes: false` a client is first
/// mentioned when it sends a byte, with the time at which the client became known, after a PROXY
/// header; one that never does is not mentioned at all.
class ClientLog {
 public:
  /// The client connected from `peer`. The log outlives this. `details`: none if they are not
  /// logged.
  ClientLog(EventLog& log, std::uint64_t number, std::string peer,
            std::unique_ptr<ConnectDetails> details = nullptr);

  /// Goes on with the log of a client that another program has served until now. `introduced`,
  /// `connected_at`: as they were there.
  ClientLog(EventLog& log, std::uint64_t number, std::string peer,
            std::unique_ptr<ConnectDetails> details, bool introduced,
            std::chrono::system_clock::time_point connected_at);

  /// The first event, once the client is known as well as it will be. `tls`: as in ConnectDetails,
  /// empty for a plain client. `even_a_probe`: also with `log.probes: false`.
  void connected(std::string tls = {}, bool even_a_probe = false);

  /// Shows the first bytes, by `log.payload`.
  void received(std::string_view bytes) {
    if (!introduced_) introduce();
    if (log_.logs_receive()) append_received(bytes);
  }

  /// The last event, once: "closed by client", "idle timeout", ...
  void disconnected(std::string_view reason, const SessionTotals& totals);

  /// Whether the connect event is logged, or was left out by configuration.
  bool introduced() const { return introduced_; }
  /// The time of that event.
  std::chrono::system_clock::time_point connected_at() const { return connected_at_; }

 private:
  void introduce();
  void append_received(std::string_view bytes);

  EventLog& log_;
  bool introduced_ = false;
  std::uint64_t number_;
  std::string peer_;
  std::unique_ptr<ConnectDetails> details_;  // until the connect event is logged
  std::chrono::system_clock::time_point connected_at_;
};

/// The details that the kernel reports of a connection: its address on this machine, and the
/// credentials of a client that has come over a Unix socket. `proxy`: as in ConnectDetails. None if
/// the log has no connect events.
std::unique_ptr<ConnectDetails> connect_details(const EventLog& log, int socket, std::string proxy);

/// The address at the other end of a connection; empty if it has none any more.
std::string remote_name(int socket);

}  // namespace server
