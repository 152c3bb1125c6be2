#include "server/log/log_format.hpp"

#include <fmt/compile.h>
#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <string>

#include "program/escape.hpp"

namespace server {
namespace {

// %*: the level as a syslog priority (sd-daemon(3)).
class PriorityFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    switch (message.level) {
      case spdlog::level::critical:
        return out.push_back('2');
      case spdlog::level::err:
        return out.push_back('3');
      case spdlog::level::warn:
        return out.push_back('4');
      case spdlog::level::info:
        return out.push_back('6');
      default:
        return out.push_back('7');
    }
  }

  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<PriorityFlag>();
  }
};

auto in_milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// Parsed by the compiler: a third of the time of a format string that is parsed for every event.
template <typename Format, class... Values>
void write(spdlog::memory_buf_t& out, const Format& format, const Values&... values) {
  fmt::format_to(fmt::appender(out), format, values...);
}

// The size, and as much of the bytes as the record shows.
void append_received(spdlog::memory_buf_t& out, const LogRecord& record) {
  write(out, FMT_COMPILE(" received {} bytes"), record.bytes_in);
  if (!record.text.empty() || record.omitted > 0) {
    write(out, FMT_COMPILE(": \""));
    program::append_escaped(out, record.text);
    out.push_back('"');
  }
  if (record.omitted > 0) write(out, FMT_COMPILE("… {} more"), record.omitted);
}

std::string_view next_of(std::string_view& details) {
  const std::string_view next = details.substr(0, details.find('\0'));
  details.remove_prefix(std::min(next.size() + 1, details.size()));
  return next;
}

void append_tls(spdlog::memory_buf_t& out, std::string_view details) {
  for (const std::string_view prefix : {", ", " ", ", for \"", ", subject \""}) {
    const std::string_view detail = next_of(details);
    if (detail.empty()) continue;
    const bool quoted = prefix.ends_with('"');
    out.append(prefix);
    program::append_escaped(out, detail, {.quoted = quoted});
    if (quoted) out.push_back('"');
  }
}

void append_text(spdlog::memory_buf_t& out, const LogRecord& record) {
  switch (record.kind) {
    case LogKind::message:
      program::append_escaped(out, record.text, {.quoted = false});
      break;
    case LogKind::connect:
      write(out, FMT_COMPILE("client {} connected from "), record.client);
      program::append_escaped(out, record.peer, {.quoted = false});
      append_tls(out, record.text);
      break;
    case LogKind::receive:
      write(out, FMT_COMPILE("client {}"), record.client);
      append_received(out, record);
      break;
    case LogKind::datagram:
      write(out, FMT_COMPILE("udp "));
      program::append_escaped(out, record.peer, {.quoted = false});
      append_received(out, record);
      break;
    case LogKind::disconnect:
      write(out, FMT_COMPILE("client {} disconnected: {} ({} bytes in, {} bytes out, {}.{:03} s)"),
            record.client, record.text, record.bytes_in, record.bytes_out,
            in_milliseconds(record.duration) / 1000, in_milliseconds(record.duration) % 1000);
      break;
    case LogKind::dropped:
      write(out, FMT_COMPILE("{} log lines dropped"), record.lines);
      break;
  }
}

void append_string(spdlog::memory_buf_t& out, std::string_view text, bool quoted) {
  out.push_back('"');
  program::append_escaped(out, text, {.quoted = quoted, .json = true});
  out.push_back('"');
}

void append_client(spdlog::memory_buf_t& out, std::string_view event, const LogRecord& record) {
  write(out, FMT_COMPILE(R"("event":"{}","client":{},"peer":)"), event, record.client);
  append_string(out, record.peer, false);
}

void append_received_as_json(spdlog::memory_buf_t& out, const LogRecord& record) {
  write(out, FMT_COMPILE(R"(,"bytes":{})"), record.bytes_in);
  if (!record.text.empty() || record.omitted > 0) {
    write(out, FMT_COMPILE(R"(,"payload":)"));
    append_string(out, record.text, true);
  }
  if (record.omitted > 0) write(out, FMT_COMPILE(R"(,"omitted":{})"), record.omitted);
}

void append_tls_members(spdlog::memory_buf_t& out, std::string_view details) {
  for (const std::string_view member : {"tls", "cipher", "server_name", "subject"}) {
    const std::string_view detail = next_of(details);
    if (detail.empty()) continue;
    write(out, FMT_COMPILE(R"(,"{}":)"), member);
    append_string(out, detail, false);
  }
}

void append_json(spdlog::memory_buf_t& out, const LogRecord& record) {
  switch (record.kind) {
    case LogKind::message:
      write(out, FMT_COMPILE(R"("event":"message","message":)"));
      append_string(out, record.text, false);
      break;
    case LogKind::connect:
      append_client(out, "connect", record);
      append_tls_members(out, record.text);
      break;
    case LogKind::receive:
      append_client(out, "receive", record);
      append_received_as_json(out, record);
      break;
    case LogKind::datagram:
      write(out, FMT_COMPILE(R"("event":"datagram","peer":)"));
      append_string(out, record.peer, false);
      append_received_as_json(out, record);
      break;
    case LogKind::disconnect:
      append_client(out, "disconnect", record);
      write(out, FMT_COMPILE(R"(,"reason":)"));
      append_string(out, record.text, false);
      write(out, FMT_COMPILE(R"(,"bytes_in":{},"bytes_out":{},"duration":{}.{:03})"),
            record.bytes_in, record.bytes_out, in_milliseconds(record.duration) / 1000,
            in_milliseconds(record.duration) % 1000);
      break;
    case LogKind::dropped:
      write(out, FMT_COMPILE(R"("event":"dropped","lines":{},"message":"{} log lines dropped")"),
            record.lines, record.lines);
      break;
  }
}

}  // namespace

std::unique_ptr<spdlog::formatter> log_layout(LogFormat format, bool journal) {
  std::string pattern;
  if (format == LogFormat::json)
    pattern = R"({"time":"%Y-%m-%dT%T.%eZ","level":"%l",%v})";
  else
    pattern = journal ? "%v" : "%Y-%m-%dT%T.%eZ %l %v";
  auto layout = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc, "\n");
  layout->add_flag<PriorityFlag>('*').set_pattern(journal ? "<%*>" + pattern : pattern);
  return layout;
}

void append_content(spdlog::memory_buf_t& out, const LogRecord& record, LogFormat format) {
  if (format == LogFormat::json)
    append_json(out, record);
  else
    append_text(out, record);
}

}  // namespace server
