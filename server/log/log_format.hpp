#pragma once

#include <spdlog/common.h>
#include <spdlog/formatter.h>

#include <memory>

#include "server/config/config.hpp"
#include "server/log/log_queue.hpp"

/// How a log line looks. spdlog's patterns lay out all lines, those of events too: measured at 100
/// ns a line, a hundredth of an echo.
namespace server {

/// Time (ISO 8601, UTC, milliseconds), level and message. For the journal, which keeps time and
/// level itself, the text is led by its priority, "<6>", instead (sd-daemon(3)); JSON is led by it
/// and keeps both, since it is made to be passed on.
std::unique_ptr<spdlog::formatter> log_layout(LogFormat format, bool journal);

/// Appends what stands in the layout's %v. Text, as a person reads it:
///   client 3 connected from 127.0.0.1:40112
///   client 4 connected from 127.0.0.1:40114, TLSv1.3 TLS_AES_256_GCM_SHA384, for "localhost"
///   client 3 received 12 bytes: "hello\n"
///   client 3 received 900 bytes: "hello"… 895 more
///   client 3 disconnected: closed by client (12 bytes in, 12 bytes out, 1.203 s)
///   udp 127.0.0.1:40112 received 5 bytes: "hello"
///   17 log lines dropped
/// JSON, the members after time and level:
///   event ("message", "connect", "receive", "disconnect", "datagram", "dropped"), message,
///   client, peer, tls (its version), cipher, server_name, subject, bytes, payload, omitted,
///   reason, bytes_in, bytes_out, duration (seconds), lines.
/// A payload is the same characters in both formats, those of program::append_escaped().
void append_content(spdlog::memory_buf_t& out, const LogRecord& record, LogFormat format);

}  // namespace server
