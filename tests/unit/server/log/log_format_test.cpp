#include "server/log/log_format.hpp"

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

std::string line(const LogRecord& record, LogFormat format, bool journal = false) {
  spdlog::memory_buf_t content;
  append_content(content, record, format);
  spdlog::memory_buf_t out;
  log_layout(format, journal)
      ->format({record.time, {}, {}, record.level, {content.data(), content.size()}}, out);
  return {out.data(), out.size()};
}

std::string text(const LogRecord& record) {
  return line(record, LogFormat::text);
}

json object(const LogRecord& record) {
  return json::parse(line(record, LogFormat::json));
}

LogRecord message(std::string_view what, spdlog::level::level_enum level = spdlog::level::info) {
  return {.level = level, .time = moment, .text = what};
}

LogRecord received(std::string_view payload, std::uint64_t bytes, std::uint64_t omitted) {
  return {.kind = LogKind::receive,
          .time = moment,
          .client = 3,
          .bytes_in = bytes,
          .omitted = omitted,
          .peer = "[::1]:40112",
          .text = payload};
}

const LogRecord connected = {
    .kind = LogKind::connect, .time = moment, .client = 3, .peer = "[::1]:40112"};

const LogRecord disconnected = {.kind = LogKind::disconnect,
                                .time = moment,
                                .client = 3,
                                .bytes_in = 120,
                                .bytes_out = 119,
                                .duration = std::chrono::microseconds(1203999),
                                .peer = "[::1]:40112",
                                .text = "closed by client"};

const LogRecord dropped = {
    .kind = LogKind::dropped, .level = spdlog::level::warn, .time = moment, .lines = 17};

TEST(LogText, LeadsWithTimeInUtcAndLevel) {
  EXPECT_EQ(text(message("listening on 127.0.0.1:8888")),
            "2026-11-23T05:18:40.123Z info listening on 127.0.0.1:8888\n");
  EXPECT_EQ(text(message("late", spdlog::level::warn)), "2026-11-23T05:18:40.123Z warning late\n");
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
  LogRecord record = connected;
  record.text = "TLSv1.3\0TLS_AES_256_GCM_SHA384\0a\"b\0CN=c\nd\0"sv;
  EXPECT_TRUE(
      text(record).ends_with(" from [::1]:40112, TLSv1.3 TLS_AES_256_GCM_SHA384, for "
                             "\"a\\\"b\", subject \"CN=c\\nd\"\n"));
  EXPECT_EQ(object(record)["tls"], "TLSv1.3");
  EXPECT_EQ(object(record)["cipher"], "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(object(record)["subject"], "CN=c\\nd");
  record.text = "TLSv1.2\0AES128-SHA\0\0\0"sv;
  EXPECT_TRUE(text(record).ends_with(" from [::1]:40112, TLSv1.2 AES128-SHA\n"));
  EXPECT_FALSE(object(record).contains("server_name"));
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
  EXPECT_TRUE(
      text(message("key \"a\"\nforged\x1b[2J")).ends_with("info key \"a\"\\nforged\\x1b[2J\n"));
}

TEST(LogJournal, LeadsWithThePriorityInPlaceOfTimeAndLevel) {
  const auto journal = [](spdlog::level::level_enum level) {
    return line(message("text", level), LogFormat::text, true);
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
  EXPECT_EQ(object(message("started")), json({{"time", "2026-11-23T05:18:40.123Z"},
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
    const LogRecord record = received(bytes, bytes.size(), 0);
    const std::string result = line(record, LogFormat::json);
    ASSERT_EQ(std::count(result.begin(), result.end(), '\n'), 1);
    // The payload is what the text format shows between its quotes.
    const std::string shown = json::parse(result)["payload"];
    ASSERT_TRUE(text(record).ends_with(": \"" + shown + "\"\n"));
  }
}

}  // namespace
}  // namespace server
