#include "server/log/log_format.hpp"

#include <algorithm>
#include <chrono>

#include "server/log/log_line.hpp"

namespace server {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

// The same as spdlog's, for a level that the compiler knows.
constexpr std::string_view name_of(spdlog::level::level_enum level) {
  return level == spdlog::level::warn ? "warning" : "info";
}

// The size, and as much of the bytes as the log shows.
void write_payload(LogLine& line, const LogPayload& payload) {
  line << " received " << payload.size << " bytes";
  if (!payload.shown.empty() || payload.omitted > 0) (line << ": \"").escaped(payload.shown) << '"';
  if (payload.omitted > 0) line << "… " << payload.omitted << " more";
}

// Takes the next part of ConnectDetails::tls.
std::string_view next_of(std::string_view& details) {
  const std::string_view next = details.substr(0, details.find('\0'));
  details.remove_prefix(std::min(next.size() + 1, details.size()));
  return next;
}

void write_text(LogLine& line, const ConnectEvent& event) {
  line << "client " << event.client << " connected from ";
  line.escaped(event.peer, {.quoted = false});
  std::string_view details = event.details.tls;
  for (const std::string_view prefix : {", ", " ", ", for \"", ", subject \""}) {
    const std::string_view detail = next_of(details);
    if (detail.empty()) continue;
    const bool quoted = prefix.ends_with('"');
    (line << prefix).escaped(detail, {.quoted = quoted});
    if (quoted) line << '"';
  }
  if (const auto& credentials = event.details.credentials)
    line << ", uid " << std::uint64_t{credentials->user} << ", pid "
         << std::uint64_t{credentials->process};
  if (!event.details.proxy.empty())
    (line << ", through ").escaped(event.details.proxy, {.quoted = false});
  if (!event.details.local.empty())
    (line << ", on ").escaped(event.details.local, {.quoted = false});
}

void write_text(LogLine& line, const ReceiveEvent& event) {
  line << "client " << event.client;
  write_payload(line, event.payload);
}

void write_text(LogLine& line, const DatagramEvent& event) {
  (line << "udp ").escaped(event.peer, {.quoted = false});
  write_payload(line, event.payload);
}

void write_text(LogLine& line, const DisconnectEvent& event) {
  line << "client " << event.client << " disconnected: " << event.reason << " (" << event.bytes_in
       << " bytes in, " << event.bytes_out << " bytes out, " << event.duration << " s)";
}

void write_text(LogLine& line, const DroppedEvent& event) {
  line << event.lines << " log lines dropped";
}

// A member of a JSON object, behind others.
void write_member(LogLine& line, std::string_view name, std::string_view text) {
  line << ",\"" << name << "\":\"";
  line.escaped(text, {.quoted = false, .json = true}) << '"';
}

void write_client(LogLine& line, std::string_view event, std::uint64_t client,
                  std::string_view peer) {
  line << R"("event":")" << event << R"(","client":)" << client;
  write_member(line, "peer", peer);
}

void write_payload_members(LogLine& line, const LogPayload& payload) {
  line << R"(,"bytes":)" << payload.size;
  if (!payload.shown.empty() || payload.omitted > 0) {
    LogLine text = line;
    text << R"(,"payload":")";
    if (text.json(payload.shown))
      line = text << '"';
    else
      (line << R"(,"payload_hex":")").hex(payload.shown) << '"';
  }
  if (payload.omitted > 0) line << R"(,"omitted":)" << payload.omitted;
}

void write_json(LogLine& line, const ConnectEvent& event) {
  write_client(line, "connect", event.client, event.peer);
  const ConnectDetails& of = event.details;
  if (!of.local.empty()) write_member(line, "local", of.local);
  if (!of.proxy.empty()) write_member(line, "proxy", of.proxy);
  if (of.credentials) {
    line << R"(,"uid":)" << std::uint64_t{of.credentials->user} << R"(,"pid":)"
         << std::uint64_t{of.credentials->process};
  }
  std::string_view details = of.tls;
  for (const std::string_view member : {"tls", "cipher", "server_name", "subject"}) {
    const std::string_view detail = next_of(details);
    if (!detail.empty()) write_member(line, member, detail);
  }
}

void write_json(LogLine& line, const ReceiveEvent& event) {
  write_client(line, "receive", event.client, event.peer);
  write_payload_members(line, event.payload);
}

void write_json(LogLine& line, const DatagramEvent& event) {
  line << R"("event":"datagram")";
  write_member(line, "peer", event.peer);
  write_payload_members(line, event.payload);
}

void write_json(LogLine& line, const DisconnectEvent& event) {
  write_client(line, "disconnect", event.client, event.peer);
  write_member(line, "reason", event.reason);
  line << R"(,"bytes_in":)" << event.bytes_in << R"(,"bytes_out":)" << event.bytes_out
       << R"(,"duration":)" << event.duration;
}

void write_json(LogLine& line, const DroppedEvent& event) {
  line << R"("event":"dropped","lines":)" << event.lines << R"(,"message":")" << event.lines
       << R"( log lines dropped")";
}

}  // namespace

// The text of a whole second, with all zeros behind it.
[[gnu::noinline]] void EventLayout::begin_second(system_clock::time_point time) {
  const auto second = std::chrono::floor<seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  const auto number = [](auto value) { return static_cast<std::uint32_t>(value); };
  LogLine line(time_.data());
  line << static_cast<std::uint64_t>(static_cast<int>(date.year())) << '-';
  line.two_digits(static_cast<unsigned>(date.month())) << '-';
  line.two_digits(static_cast<unsigned>(date.day())) << 'T';
  line.two_digits(number(clock.hours().count())) << ':';
  line.two_digits(number(clock.minutes().count())) << ':';
  line.two_digits(number(clock.seconds().count())) << ".000000Z";
  second_ = second;
}

void EventLayout::write_time(LogLine& line, system_clock::time_point time) {
  constexpr std::size_t fraction = std::string_view("1970-01-01T00:00:00.").size();
  if (time < second_ || time >= second_ + seconds(1)) begin_second(time);
  const auto since = static_cast<std::uint32_t>((time - second_).count());
  LogLine(time_.data() + fraction).six_digits(since / 1000);
  line << std::string_view(time_.data(), time_.size());
}

// With all that it calls inline, the end of the line stays in a register, and pieces that are known
// are single stores.
template <typename Event>
[[gnu::flatten]] char* EventLayout::write(char* begin, const Event& event) {
  constexpr std::string_view level = name_of(Event::level);
  LogLine line(begin);
  if (journal_) line << '<' << priority_of(Event::level) << '>';
  if (format_ == LogFormat::json) {
    write_time(line << R"({"time":")", event.time);
    line << R"(","level":")" << level << R"(",)";
    write_json(line, event);
    line << '}';
  } else {
    if (!journal_) {
      write_time(line, event.time);
      line << ' ' << level << ' ';
    }
    write_text(line, event);
  }
  line << '\n';
  return line.end();
}

template char* EventLayout::write(char* begin, const ConnectEvent& event);
template char* EventLayout::write(char* begin, const ReceiveEvent& event);
template char* EventLayout::write(char* begin, const DisconnectEvent& event);
template char* EventLayout::write(char* begin, const DatagramEvent& event);
template char* EventLayout::write(char* begin, const DroppedEvent& event);

}  // namespace server
