#pragma once

#include <spdlog/common.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "program/escape.hpp"
#include "server/config/config.hpp"
#include "server/log/log_event.hpp"

/// How a log line looks: the time (ISO 8601, UTC, microseconds), the level and the content. For the
/// journal, which keeps time and level itself, the text is led by its priority, "<6>", instead
/// (sd-daemon(3)); JSON is led by it and keeps both, since it is made to be passed on.
///
/// Text, as a person reads it:
///   client 3 connected from 127.0.0.1:40112, on 127.0.0.1:8888
///   client 4 connected from 127.0.0.1:40114, TLSv1.3 TLS_AES_256_GCM_SHA384, for "localhost", on
///     127.0.0.1:8889
///   client 5 connected from 192.0.2.7:4711, through 127.0.0.1:40116, on 127.0.0.1:8888
///   client 6 connected from unix, uid 1000, pid 4711, on unix:/run/coroecho.sock
///   client 3 received 12 bytes: "hello\n"
///   client 3 received 900 bytes: "hello"… 895 more
///   client 3 disconnected: closed by client (12 bytes in, 12 bytes out, 1.203 s)
///   udp 127.0.0.1:40112 received 5 bytes: "hello"
///   17 log lines dropped
/// JSON, the members after time and level:
///   event ("connect", "receive", "disconnect", "datagram", "dropped", or of a message its own),
///   client, peer, local, proxy, uid, pid, tls (its version), cipher, server_name, subject, bytes,
///   payload or payload_hex, omitted, reason, bytes_in, bytes_out, duration (seconds), lines.
/// Messages of the service have the members of their LogAbout, and `message`, the text.
/// In text a payload is escaped as by program::append_escaped(). In JSON a parser gets the bytes
/// themselves from `payload`; bytes that are not UTF-8 are `payload_hex`.
namespace server {

class LogLine;

/// The level as a syslog priority, one digit (sd-daemon(3)).
constexpr char priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return '2';
    case spdlog::level::err:
      return '3';
    case spdlog::level::warn:
      return '4';
    case spdlog::level::info:
      return '6';
    default:
      return '7';
  }
}

/// Events: up to one for each echo. So the bytes go straight to their place, on little stack; a
/// session keeps one page of it.
class EventLayout {
 public:
  EventLayout(LogFormat format, bool journal) : format_(format), journal_(journal) {}

  /// The memory that write() may use.
  template <typename Event>
  static std::size_t room(const Event& event) {
    return longest_frame + program::escaped_room(event.text_size());
  }

  /// Writes the line, which ends in '\n', where there is room() for it. Returns its end.
  template <typename Event>
  char* write(char* begin, const Event& event);

 private:
  static constexpr std::size_t longest_frame =
      400;  // all but the text of the event, at its largest

  void begin_second(std::chrono::system_clock::time_point time);
  void write_time(LogLine& line, std::chrono::system_clock::time_point time);

  LogFormat format_;
  bool journal_;
  // The text of a whole second serves all events of it.
  std::chrono::system_clock::time_point second_ = std::chrono::system_clock::time_point::min();
  std::array<char, sizeof("1970-01-01T00:00:00.000000Z") - 1> time_ = {};
};

}  // namespace server
