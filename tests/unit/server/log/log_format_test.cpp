#include "server/log/log_format.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace server {
namespace {

using nlohmann::json;

// 2026-11-23T05:18:40.123Z
constexpr std::chrono::system_clock::time_point moment{std::chrono::milliseconds(1795411120123)};

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
  append_message(content, what, format);
  return laid_out(level, {content.data(), content.size()}, format, journal);
}

ReceiveEvent received(std::string_view payload, std::uint64_t bytes, std::uint64_t omitted) {
  return {.time = moment,
          .client = 3,
          .peer = "[::1]:40112",
          .payload = {.size = bytes, .shown = payload, .omitted = omitted}};
}

const ConnectEvent connected = {.time = moment, .client = 3, .peer = "[::1]:40112", .tls = {}};

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
            "2026-11-23T05:18:40.123Z info listening on 127.0.0.1:8888\n");
  EXPECT_EQ(message("late", spdlog::level::warn), "2026-11-23T05:18:40.123Z warning late\n");
}

TEST(LogText, TellsEventsOfAClient) {
  const std::string head = "2026-11-23T05:18:40.123Z info client 3 ";
  EXPECT_EQ(text(connected), head + "connected from [::1]:40112\n");
  EXPECT_EQ(text(received("hello\n", 6, 0)), head + "received 6 bytes: \"hello\\n\"\n");
  EXPECT_EQ(text(disconnected),
            head + "disconnected: closed by client (120 bytes in, 119 bytes out, 1.203 s)\n");
}

// The names come from the client.
TEST(LogText, TellsHowAClientOfTlsConnects) {
  using namespace std::string_view_literals;
  ConnectEvent event = connected;
  event.tls = "TLSv1.3\0TLS_AES_256_GCM_SHA384\0a\"b\0CN=c\nd\0"sv;
  EXPECT_TRUE(
      text(event).ends_with(" from [::1]:40112, TLSv1.3 TLS_AES_256_GCM_SHA384, for "
                            "\"a\\\"b\", subject \"CN=c\\nd\"\n"));
  EXPECT_EQ(object(event)["tls"], "TLSv1.3");
  EXPECT_EQ(object(event)["cipher"], "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(object(event)["subject"], "CN=c\\nd");
  event.tls = "TLSv1.2\0AES128-SHA\0\0\0"sv;
  EXPECT_TRUE(text(event).ends_with(" from [::1]:40112, TLSv1.2 AES128-SHA\n"));
  EXPECT_FALSE(object(event).contains("server_name"));
  EXPECT_FALSE(object(connected).contains("tls"));
}

TEST(LogText, MarksAPayloadThatIsCut) {
  EXPECT_TRUE(text(received("hello", 900, 895)).ends_with(" 900 bytes: \"hello\"… 895 more\n"));
  EXPECT_TRUE(text(received("", 4, 4)).ends_with(" 4 bytes: \"\"… 4 more\n"));
}

TEST(LogText, ShowsOnlyTheSizeWithoutPayload) {
  EXPECT_TRUE(text(received("", 900, 0)).ends_with("client 3 received 900 bytes\n"));
}

TEST(LogText, TellsHowManyLinesWereDropped) {
  EXPECT_EQ(text(dropped), "2026-11-23T05:18:40.123Z warning 17 log lines dropped\n");
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
            json({{"time", "2026-11-23T05:18:40.123Z"},
                  {"level", "info"},
                  {"event", "message"},
                  {"message", "started"}}));
  EXPECT_EQ(object(connected), json({{"time", "2026-11-23T05:18:40.123Z"},
                                     {"level", "info"},
                                     {"event", "connect"},
                                     {"client", 3},
                                     {"peer", "[::1]:40112"}}));
  EXPECT_EQ(object(received("hello", 900, 895)), json({{"time", "2026-11-23T05:18:40.123Z"},
                                                       {"level", "info"},
                                                       {"event", "receive"},
                                                       {"client", 3},
                                                       {"peer", "[::1]:40112"},
                                                       {"bytes", 900},
                                                       {"payload", "hello"},
                                                       {"omitted", 895}}));
  EXPECT_EQ(object(disconnected), json({{"time", "2026-11-23T05:18:40.123Z"},
                                        {"level", "info"},
                                        {"event", "disconnect"},
                                        {"client", 3},
                                        {"peer", "[::1]:40112"},
                                        {"reason", "closed by client"},
                                        {"bytes_in", 120},
                                        {"bytes_out", 119},
                                        {"duration", 1.203}}));
  EXPECT_EQ(object(dropped), json({{"time", "2026-11-23T05:18:40.123Z"},
                                   {"level", "warning"},
                                   {"event", "dropped"},
                                   {"lines", 17},
                                   {"message", "17 log lines dropped"}}));
}

TEST(LogJson, LeavesOutWhatIsNotThere) {
  EXPECT_FALSE(object(received("hello", 5, 0)).contains("omitted"));
  EXPECT_FALSE(object(received("", 5, 0)).contains("payload"));
}

TEST(LogJson, ParsesWhateverBytesAClientSends) {
  std::mt19937 random(4);
  for (int i = 0; i < 5000; ++i) {
    std::string bytes(1 + random() % 64, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    const ReceiveEvent event = received(bytes, bytes.size(), 0);
    const std::string result = line(event, LogFormat::json);
    ASSERT_EQ(std::count(result.begin(), result.end(), '\n'), 1);
    // The payload is what the text format shows between its quotes.
    const std::string shown = json::parse(result)["payload"];
    ASSERT_TRUE(text(event).ends_with(": \"" + shown + "\"\n"));
  }
}

// The same lines, by spdlog and fmt.
std::string content_of(const ConnectEvent& event, LogFormat format) {
  return format == LogFormat::json
             ? fmt::format(R"("event":"connect","client":{},"peer":"{}")", event.client, event.peer)
             : fmt::format("client {} connected from {}", event.client, event.peer);
}

std::string content_of(const LogPayload& payload, LogFormat format) {
  const bool in_json = format == LogFormat::json;
  const bool shows = !payload.shown.empty() || payload.omitted > 0;
  const auto shown = program::escaped(payload.shown, {.json = in_json});
  if (in_json) {
    return fmt::format(R"("bytes":{}{}{})", payload.size,
                       shows ? R"(,"payload":")" + shown + '"' : "",
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
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    // Any time from 1970 to 2262.
    const std::chrono::system_clock::time_point time{std::chrono::nanoseconds(random() >> 1U)};
    const std::uint64_t client = any_number(random);
    const LogPayload payload{.size = any_number(random),
                             .shown = bytes,
                             .omitted = random() % 2 == 0 ? 0 : any_number(random)};
    const std::string_view peer = "127.0.0.1:40112";
    expect_same(ConnectEvent{.time = time, .client = client, .peer = peer, .tls = {}});
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
  using std::chrono::milliseconds;
  EXPECT_EQ(time_at(moment), "2026-11-23T05:18:40.123Z");
  EXPECT_EQ(time_at(moment + milliseconds(876)), "2026-11-23T05:18:40.999Z");
  EXPECT_EQ(time_at(moment + milliseconds(877)), "2026-11-23T05:18:41.000Z");
  EXPECT_EQ(time_at(moment), "2026-11-23T05:18:40.123Z");
  EXPECT_EQ(time_at(moment - std::chrono::hours(24 * 365)), "2025-11-23T05:18:40.123Z");
}

}  // namespace
}  // namespace server
