#include "server/log/log_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "server/log/message_layout.hpp"

namespace server {
namespace {

using nlohmann::json;

// 2026-11-23T05:18:40.123456Z
constexpr std::chrono::system_clock::time_point moment{std::chrono::microseconds(1795411120123456)};

template <typename Event>
std::string line(const Event& event, LogFormat format, bool journal = false) {
  const std::size_t room = EventLayout::room(event);
  std::string memory(room, '\0');
  const char* end = EventLayout(format, journal).write(memory.data(), event);
  const auto size = static_cast<std::size_t>(end - memory.data());
  EXPECT_LE(size, room);
  return memory.substr(0, size);
}

template <typename Event>
std::string text(const Event& event) {
  return line(event, LogFormat::text);
}

template <typename Event>
json object(const Event& event) {
  return json::parse(line(event, LogFormat::json));
}

// A line by spdlog's layout.
std::string laid_out(spdlog::level::level_enum level, const std::string& content, LogFormat format,
                     bool journal, std::chrono::system_clock::time_point time = moment) {
  spdlog::memory_buf_t out;
  message_layout(format, journal)->format({time, {}, {}, level, content}, out);
  return {out.data(), out.size()};
}

std::string message(std::string_view what, spdlog::level::level_enum level = spdlog::level::info,
                    LogFormat format = LogFormat::text, bool journal = false) {
  spdlog::memory_buf_t content;
  append_content(content, {"noticed", {{"what", what}, {"times", 2U}}}, what, format);
  return laid_out(level, {content.data(), content.size()}, format, journal);
}

ReceiveEvent received(std::string_view payload, std::uint64_t bytes, std::uint64_t omitted) {
  return {.time = moment,
          .client = 3,
          .peer = "[::1]:40112",
          .payload = {.size = bytes, .shown = payload, .omitted = omitted}};
}

const ConnectDetails here = {.local = "[::1]:8888"};

const ConnectEvent connected = {
    .time = moment, .client = 3, .peer = "[::1]:40112", .details = here};

const DisconnectEvent disconnected = {.time = moment,
                                      .client = 3,
                                      .peer = "[::1]:40112",
                                      .reason = "closed by client",
                                      .bytes_in = 120,
                                      .bytes_out = 119,
                                      .duration = std::chrono::microseconds(1203999)};

const DroppedEvent dropped = {.time = moment, .lines = 17};

TEST(LogText, LeadsWithTimeInUtcAndLevel) {
  EXPECT_EQ(message("listening on 127.0.0.1:8888"),
            "2026-11-23T05:18:40.123456Z info listening on 127.0.0.1:8888\n");
  EXPECT_EQ(message("late", spdlog::level::warn), "2026-11-23T05:18:40.123456Z warning late\n");
}

TEST(LogText, TellsEventsOfAClient) {
  const std::string head = "2026-11-23T05:18:40.123456Z info client 3 ";
  EXPECT_EQ(text(connected), head + "connected from [::1]:40112, on [::1]:8888\n");
  EXPECT_EQ(text(received("hello\n", 6, 0)), head + "received 6 bytes: \"hello\\n\"\n");
  EXPECT_EQ(text(disconnected),
            head + "disconnected: closed by client (120 bytes in, 119 bytes out, 1.203 s)\n");
}

// The names come from the client.
TEST(LogText, TellsHowAClientOfTlsConnects) {
  using namespace std::string_view_literals;
  const auto by = [](std::string_view tls) {
    return ConnectDetails{.local = "[::1]:8889", .tls = std::string(tls)};
  };
  const auto details = by("TLSv1.3\0TLS_AES_256_GCM_SHA384\0a\"b\0CN=c\nd\0"sv);
  const ConnectEvent event = {.time = moment, .client = 3, .peer = "peer", .details = details};
  EXPECT_TRUE(
      text(event).ends_with(" from peer, TLSv1.3 TLS_AES_256_GCM_SHA384, for \"a\\\"b\", "
                            "subject \"CN=c\\nd\", on [::1]:8889\n"));
  EXPECT_EQ(object(event)["tls"], "TLSv1.3");
  EXPECT_EQ(object(event)["cipher"], "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(object(event)["subject"], "CN=c\\nd");
  const auto older = by("TLSv1.2\0AES128-SHA\0\0\0"sv);
  const ConnectEvent other = {.time = moment, .client = 3, .peer = "peer", .details = older};
  EXPECT_TRUE(text(other).ends_with(" from peer, TLSv1.2 AES128-SHA, on [::1]:8889\n"));
  EXPECT_FALSE(object(other).contains("server_name"));
  EXPECT_FALSE(object(connected).contains("tls"));
}

TEST(LogText, TellsWhoConnectsThroughAProxyAndOverAUnixSocket) {
  const ConnectDetails proxied = {.local = "10.0.0.2:8888", .proxy = "10.0.0.1:40112"};
  const ConnectEvent event = {
      .time = moment, .client = 3, .peer = "192.0.2.7:4711", .details = proxied};
  EXPECT_TRUE(
      text(event).ends_with(" from 192.0.2.7:4711, through 10.0.0.1:40112, on 10.0.0.2:8888\n"));
  EXPECT_EQ(object(event)["proxy"], "10.0.0.1:40112");
  const ConnectDetails local = {.local = "unix:/run/echo",
                                .credentials = PeerCredentials{.user = 1000, .process = 4711}};
  const ConnectEvent other = {.time = moment, .client = 3, .peer = "unix", .details = local};
  EXPECT_TRUE(text(other).ends_with(" from unix, uid 1000, pid 4711, on unix:/run/echo\n"));
  EXPECT_EQ(object(other)["uid"], 1000);
  EXPECT_EQ(object(other)["pid"], 4711);
}

TEST(LogText, MarksAPayloadThatIsCut) {
  EXPECT_TRUE(text(received("hello", 900, 895)).ends_with(" 900 bytes: \"hello\"… 895 more\n"));
  EXPECT_TRUE(text(received("", 4, 4)).ends_with(" 4 bytes: \"\"… 4 more\n"));
}

TEST(LogText, ShowsOnlyTheSizeWithoutPayload) {
  EXPECT_TRUE(text(received("", 900, 0)).ends_with("client 3 received 900 bytes\n"));
}

TEST(LogText, TellsHowManyLinesWereDropped) {
  EXPECT_EQ(text(dropped), "2026-11-23T05:18:40.123456Z warning 17 log lines dropped\n");
}

TEST(LogText, IsOneLineWhateverAMessageHolds) {
  EXPECT_TRUE(message("key \"a\"\nforged\x1b[2J").ends_with("info key \"a\"\\nforged\\x1b[2J\n"));
}

TEST(LogJournal, LeadsWithThePriorityInPlaceOfTimeAndLevel) {
  const auto journal = [](spdlog::level::level_enum level) {
    return message("text", level, LogFormat::text, true);
  };
  EXPECT_EQ(journal(spdlog::level::debug), "<7>text\n");
  EXPECT_EQ(journal(spdlog::level::info), "<6>text\n");
  EXPECT_EQ(journal(spdlog::level::warn), "<4>text\n");
  EXPECT_EQ(journal(spdlog::level::err), "<3>text\n");
  EXPECT_EQ(journal(spdlog::level::critical), "<2>text\n");
}

TEST(LogJournal, LeadsJsonWithThePriorityToo) {
  const std::string result = line(connected, LogFormat::json, true);
  ASSERT_TRUE(result.starts_with("<6>{"));
  EXPECT_EQ(json::parse(result.substr(3)), object(connected));
}

TEST(LogJson, IsOneObjectALine) {
  EXPECT_EQ(json::parse(message("started", spdlog::level::info, LogFormat::json)),
            json({{"time", "2026-11-23T05:18:40.123456Z"},
                  {"level", "info"},
                  {"event", "noticed"},
                  {"what", "started"},
                  {"times", 2},
                  {"message", "started"}}));
  EXPECT_EQ(object(connected), json({{"time", "2026-11-23T05:18:40.123456Z"},
                                     {"level", "info"},
                                     {"event", "connect"},
                                     {"client", 3},
                                     {"peer", "[::1]:40112"},
                                     {"local", "[::1]:8888"}}));
  EXPECT_EQ(object(received("hello", 900, 895)), json({{"time", "2026-11-23T05:18:40.123456Z"},
                                                       {"level", "info"},
                                                       {"event", "receive"},
                                                       {"client", 3},
                                                       {"peer", "[::1]:40112"},
                                                       {"bytes", 900},
                                                       {"payload", "hello"},
                                                       {"omitted", 895}}));
  EXPECT_EQ(object(disconnected), json({{"time", "2026-11-23T05:18:40.123456Z"},
                                        {"level", "info"},
                                        {"event", "disconnect"},
                                        {"client", 3},
                                        {"peer", "[::1]:40112"},
                                        {"reason", "closed by client"},
                                        {"bytes_in", 120},
                                        {"bytes_out", 119},
                                        {"duration", 1.203}}));
  EXPECT_EQ(object(dropped), json({{"time", "2026-11-23T05:18:40.123456Z"},
                                   {"level", "warning"},
                                   {"event", "dropped"},
                                   {"lines", 17},
                                   {"message", "17 log lines dropped"}}));
}

TEST(LogJson, LeavesOutWhatIsNotThere) {
  EXPECT_FALSE(object(received("hello", 5, 0)).contains("omitted"));
  EXPECT_FALSE(object(received("", 5, 0)).contains("payload"));
}

std::string in_hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes)
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

TEST(LogJson, ParsesWhateverBytesAClientSends) {
  std::mt19937 random(4);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes(1 + random() % 64, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    const ReceiveEvent event = received(bytes, bytes.size(), 0);
    const std::string result = line(event, LogFormat::json);
    ASSERT_EQ(std::count(result.begin(), result.end(), '\n'), 1);
    const json object = json::parse(result);
    ASSERT_TRUE(object.contains("payload") ? object["payload"] == bytes
                                           : object["payload_hex"] == in_hex(bytes));
  }
}

// Nothing of a payload controls a terminal, and a parser gets its bytes back.
TEST(LogJson, EscapesAPayloadOnce) {
  const std::string bytes = "a\"\\\n\r\t\x1b[2J\x7f \u00e9 \u202e \u0085 \U000e0041 \U0001f600";
  const ReceiveEvent event = received(bytes, bytes.size(), 0);
  const std::string result = line(event, LogFormat::json);
  EXPECT_NE(result.find(R"("payload":"a\"\\\n\r\t\u001b[2J\u007f )"
                        "\u00e9"
                        R"( \u202e \u0085 \udb40\udc41 )"
                        "\U0001f600\""),
            std::string::npos)
      << result;
  EXPECT_EQ(json::parse(result)["payload"], bytes);
  const std::string latin = "\xe9t\xe9\n";
  EXPECT_EQ(object(received(latin, 4, 0))["payload_hex"], "e974e90a");
  EXPECT_FALSE(object(received(latin, 4, 0)).contains("payload"));
}

// The same lines, by spdlog and fmt.
std::string content_of(const ConnectEvent& event, LogFormat format) {
  return format == LogFormat::json
             ? fmt::format(R"("event":"connect","client":{},"peer":"{}","local":"{}")",
                           event.client, event.peer, event.details.local)
             : fmt::format("client {} connected from {}, on {}", event.client, event.peer,
                           event.details.local);
}

bool is_plain(std::string_view bytes) {
  return std::ranges::all_of(bytes,
                             [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

std::string content_of(const LogPayload& payload, LogFormat format) {
  const bool in_json = format == LogFormat::json;
  const bool shows = !payload.shown.empty() || payload.omitted > 0;
  const auto shown = program::escaped(payload.shown);
  if (in_json) {
    return fmt::format(R"("bytes":{}{}{})", payload.size,
                       !shows ? ""
                       : is_plain(payload.shown)
                           ? fmt::format(R"(,"payload":"{}")", payload.shown)
                           : fmt::format(R"(,"payload_hex":"{}")", in_hex(payload.shown)),
                       payload.omitted > 0 ? fmt::format(R"(,"omitted":{})", payload.omitted) : "");
  }
  return fmt::format("received {} bytes{}{}", payload.size, shows ? ": \"" + shown + '"' : "",
                     payload.omitted > 0 ? fmt::format("… {} more", payload.omitted) : "");
}

std::string content_of(const ReceiveEvent& event, LogFormat format) {
  const auto payload = content_of(event.payload, format);
  return format == LogFormat::json ? fmt::format(R"("event":"receive","client":{},"peer":"{}",{})",
                                                 event.client, event.peer, payload)
                                   : fmt::format("client {} {}", event.client, payload);
}

std::string content_of(const DatagramEvent& event, LogFormat format) {
  const auto payload = content_of(event.payload, format);
  return format == LogFormat::json
             ? fmt::format(R"("event":"datagram","peer":"{}",{})", event.peer, payload)
             : fmt::format("udp {} {}", event.peer, payload);
}

std::string content_of(const DisconnectEvent& event, LogFormat format) {
  const double seconds = static_cast<double>(event.duration / std::chrono::milliseconds(1)) / 1000;
  return format == LogFormat::json
             ? fmt::format(
                   R"("event":"disconnect","client":{},"peer":"{}","reason":"{}","bytes_in":{},)"
                   R"("bytes_out":{},"duration":{:.3f})",
                   event.client, event.peer, event.reason, event.bytes_in, event.bytes_out, seconds)
             : fmt::format("client {} disconnected: {} ({} bytes in, {} bytes out, {:.3f} s)",
                           event.client, event.reason, event.bytes_in, event.bytes_out, seconds);
}

std::string content_of(const DroppedEvent& event, LogFormat format) {
  const auto content = fmt::format("{} log lines dropped", event.lines);
  return format == LogFormat::json
             ? fmt::format(R"("event":"dropped","lines":{},"message":"{}")", event.lines, content)
             : content;
}

template <typename Event>
void expect_same(const Event& event) {
  for (const LogFormat format : {LogFormat::text, LogFormat::json})
    for (const bool journal : {false, true})
      ASSERT_EQ(line(event, format, journal),
                laid_out(Event::level, content_of(event, format), format, journal, event.time));
}

// Small numbers as often as large ones, and the largest.
std::uint64_t any_number(std::mt19937_64& random) {
  const std::uint64_t number = random() >> random() % 64;
  return random() % 16 == 0 ? ~std::uint64_t{0} : number;
}

TEST(EventLayout, IsTheSameAsTheLayoutOfMessages) {
  std::mt19937_64 random(24);
  std::string bytes;
  for (int i = 0; i < 602; ++i) {
    bytes.resize(static_cast<std::size_t>(i) % 301);
    // Plain, or no UTF-8.
    const bool plain = i % 2 == 0;
    std::generate(bytes.begin(), bytes.end(),
                  [&] { return static_cast<char>(plain ? 'a' + random() % 26 : random()); });
    if (!plain && !bytes.empty()) bytes.back() = '\xff';
    // Any time from 1970 to 2262.
    const std::chrono::system_clock::time_point time{std::chrono::nanoseconds(random() >> 1U)};
    const std::uint64_t client = any_number(random);
    const LogPayload payload{.size = any_number(random),
                             .shown = bytes,
                             .omitted = random() % 2 == 0 ? 0 : any_number(random)};
    const std::string_view peer = "127.0.0.1:40112";
    expect_same(ConnectEvent{.time = time, .client = client, .peer = peer, .details = here});
    expect_same(ReceiveEvent{.time = time, .client = client, .peer = peer, .payload = payload});
    expect_same(DatagramEvent{.time = time, .peer = peer, .payload = payload});
    expect_same(DroppedEvent{.time = time, .lines = any_number(random)});
    expect_same(DisconnectEvent{.time = time,
                                .client = client,
                                .peer = peer,
                                .reason = "idle timeout",
                                .bytes_in = any_number(random),
                                .bytes_out = any_number(random),
                                .duration = std::chrono::nanoseconds(random() >> 12U)});
  }
}

TEST(EventLayout, FollowsTheClockForwardsAndBackwards) {
  EventLayout layout(LogFormat::text, false);
  std::string memory(1000, '\0');
  const auto time_at = [&](std::chrono::system_clock::time_point time) {
    layout.write(memory.data(), DroppedEvent{.time = time, .lines = 1});
    return memory.substr(0, memory.find(' '));
  };
  using std::chrono::microseconds;
  EXPECT_EQ(time_at(moment), "2026-11-23T05:18:40.123456Z");
  EXPECT_EQ(time_at(moment + microseconds(876543)), "2026-11-23T05:18:40.999999Z");
  EXPECT_EQ(time_at(moment + microseconds(876544)), "2026-11-23T05:18:41.000000Z");
  EXPECT_EQ(time_at(moment), "2026-11-23T05:18:40.123456Z");
  EXPECT_EQ(time_at(moment - std::chrono::hours(24 * 365)), "2025-11-23T05:18:40.123456Z");
}

}  // namespace
}  // namespace server
